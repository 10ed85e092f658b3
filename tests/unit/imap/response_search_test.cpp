// Answers to searches: RFC 9051 §7.3, RFC 4731, RFC 5256, RFC 7162, RFC 9394.
#include "unit/imap/response_rows.hpp"

namespace mailferry::imap {
namespace {

class ResponseSearch : public ResponseRows {};

TEST_P(ResponseSearch, IsReadAtEverySplit) {
  expect_read(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    All, ResponseSearch,
    ::testing::Values(
        Row{"Search", "* SEARCH 2 3 6", {"search (2 3 6)"}}, Row{"SearchNothing", "* SEARCH", {"search ()"}},
        Row{"SearchWithBlankAtEnd", "* SEARCH 1 2 3 ", {"search (1 2 3)"}},
        Row{"SearchModSeq",
            "* SEARCH 2 5 6 7 11 12 18 19 20 23 (MODSEQ 917162500)",
            {"search (2 5 6 7 11 12 18 19 20 23) modseq=917162500"}},
        Row{"SearchInAnyOrder", "* SEARCH 9 1 4", {"search (9 1 4)"}},
        Row{"Sort", "* SORT 5 3 4 1 2", {"sort (5 3 4 1 2)"}},
        Row{"ESearchMinCount", R"(* ESEARCH (TAG "A282") MIN 2 COUNT 3)", {R"(esearch tag="A282" min=2 count=3)"}},
        Row{"ESearchAll", R"(* ESEARCH (TAG "A283") ALL 2,10:11)", {R"(esearch tag="A283" all=2,10:11)"}},
        Row{"ESearchNothing", R"(* ESEARCH (TAG "A284"))", {R"(esearch tag="A284")"}},
        Row{"ESearchUid", R"(* ESEARCH (TAG "A285") UID MIN 7 MAX 3800)", {R"(esearch tag="A285" uid min=7 max=3800)"}},
        Row{"ESearchWithoutTag", "* ESEARCH UID COUNT 17 ALL 4:18,21,28", {"esearch uid count=17 all=4:18,21,28"}},
        Row{"ESearchModSeq",
            R"(* ESEARCH (TAG "a") ALL 1:3,5 MODSEQ 1236)",
            {R"(esearch tag="a" all=1:3,5 modseq=1236)"}},
        Row{"ESearchInAnyOrder", R"(* ESEARCH (TAG "a") ALL 5,3,2,1)", {R"(esearch tag="a" all=1:3,5)"}},
        Row{"ESearchPartial",
            R"(* ESEARCH (TAG "A01") UID PARTIAL (-1:-100 200:250,252:300))",
            {R"(esearch tag="A01" uid partial=-1:-100 "200:250,252:300")"}},
        Row{"ESearchPartialNil",
            R"(* ESEARCH (TAG "A04") UID PARTIAL (24000:24500 NIL))",
            {R"(esearch tag="A04" uid partial=24000:24500 "")"}},
        Row{"ESearchUnknownItem", R"(* ESEARCH (TAG "h") RELEVANCY (4 99 42) COUNT 3)", {R"(esearch tag="h" count=3)"}},
        Row{"ESearchOfMailbox",
            R"(* ESEARCH (TAG "h" MAILBOX "folder1" UIDVALIDITY 1) UID ALL 4:18)",
            {R"(esearch tag="h" uid all=4:18)"}},
        Row{"Thread", "* THREAD (2)(3 6 (4 23)(44 7 96))", {"thread ((2) (3 6 (4 23) (44 7 96)))"}},
        Row{"ThreadNothing", "* THREAD", {"thread ()"}}),
    row_name);

}  // namespace
}  // namespace mailferry::imap

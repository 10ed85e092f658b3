// ID (RFC 2971), QUOTA (RFC 9208), ACL (RFC 4314), METADATA (RFC 5464).
#include "unit/imap/response_rows.hpp"

namespace mailferry::imap {
namespace {

class ResponseExtensions : public ResponseRows {};

TEST_P(ResponseExtensions, IsReadAtEverySplit) {
  expect_read(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    All, ResponseExtensions,
    ::testing::Values(Row{"Id",
                          R"(* ID ("name" "Cyrus" "version" "1.5" "support-url" NIL))",
                          {R"(id name="Cyrus" version="1.5" support-url=NIL)"}},
                      Row{"IdNil", "* ID NIL", {"id"}},
                      Row{"Quota",
                          R"(* QUOTA "!partition/sda4" (STORAGE 104 10923847))",
                          {R"(quota "!partition/sda4" STORAGE=104/10923847)"}},
                      Row{"QuotaMany",
                          R"(* QUOTA "" (STORAGE 10 512 MESSAGE 42 1000))",
                          {R"(quota "" STORAGE=10/512 MESSAGE=42/1000)"}},
                      Row{"Quota64Bit",
                          R"(* QUOTA "" (STORAGE 5000000000 18446744073709551615))",
                          {R"(quota "" STORAGE=5000000000/18446744073709551615)"}},
                      Row{"QuotaNothing", R"(* QUOTA "" ())", {R"(quota "")"}},
                      Row{"QuotaRoot",
                          R"(* QUOTAROOT INBOX "#user/alice" "!partition/sda4")",
                          {R"(quota-root "INBOX" ("#user/alice" "!partition/sda4"))"}},
                      Row{"QuotaRootNone", "* QUOTAROOT comp.mail.mime", {R"(quota-root "comp.mail.mime" ())"}},
                      Row{"Acl",
                          R"(* ACL INBOX Fred rwipslxetad "Chris P" lrswi)",
                          {R"(acl "INBOX" Fred=rwipslxetad Chris P=lrswi)"}},
                      Row{"MyRights", "* MYRIGHTS INBOX rwiptsldaex", {R"(my-rights "INBOX" rwiptsldaex)"}},
                      Row{"ListRights",
                          "* LISTRIGHTS ~/Mail/saved smith la r swicdkxte",
                          {R"(list-rights "~/Mail/saved" smith ("la" "r" "swicdkxte"))"}},
                      Row{"Metadata",
                          R"(* METADATA "INBOX" (/shared/comment "Shared comment" /private/comment NIL))",
                          {R"(metadata "INBOX" /shared/comment="Shared comment" /private/comment=NIL)"}},
                      Row{"MetadataLiteral",
                          "* METADATA \"\" (/shared/comment {4}\r\n)\r\n\")",
                          {R"(metadata "" /shared/comment=")\r\n\"")"}},
                      Row{"MetadataBinary",
                          std::string("* METADATA \"\" (/shared/x ~{2}\r\n\x00\x01)", 34),
                          {R"(metadata "" /shared/x="\x00\x01")"}},
                      Row{"MetadataNames",
                          R"(* METADATA "" /shared/comment /private/comment)",
                          {R"(metadata "" /shared/comment=NIL /private/comment=NIL)"}}),
    row_name);

}  // namespace
}  // namespace mailferry::imap

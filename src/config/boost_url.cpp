// Compiles Boost.URL, once, from its headers: the library package would bring nothing else that is used.
#include <boost/url/src.hpp>

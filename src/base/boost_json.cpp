// Boost.JSON compiled once, into the room that all share: its shared library would be one more package for little code.
#include <boost/json/src.hpp>

// Boost.JSON compiled once, into this room: its shared library would be one more package for little code.
#include <boost/json/src.hpp>

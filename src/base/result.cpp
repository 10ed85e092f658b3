#include "base/result.hpp"

namespace mailferry {

std::string Error::describe() const {
  std::string text;
  for (auto step = trail.rbegin(); step != trail.rend(); ++step)
    text += *step + ": ";
  return text + message;
}

}  // namespace mailferry

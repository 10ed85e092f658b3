#include "services/reload.hpp"

namespace mailferry::services {

void Reload::ask() {
  if (!read_) return begin_();
  is_asked_ = true;
  if (!is_reading()) scope_.spawn("reading of the configuration", run());
}

Task<> Reload::run() {
  if (!pool_) pool_.emplace(io_);
  bool is_new = false;
  while (!is_new && std::exchange(is_asked_, false))
    CO_CHECK(co_await pool_->run([this, &is_new]() -> Result<> {
      is_new = read_();
      return {};
    }));
  if (is_new) begin_();
  co_return Result<>{};
}

}  // namespace mailferry::services

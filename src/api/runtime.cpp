#include "api/runtime.hpp"

namespace codi::api {

bool InFlight::enter(std::string const& key) {
  std::lock_guard const lock(mutex_);
  return keys_.insert(key).second;
}

void InFlight::leave(std::string const& key) {
  std::lock_guard const lock(mutex_);
  keys_.erase(key);
}

}  // namespace codi::api

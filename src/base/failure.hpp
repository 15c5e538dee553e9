#pragma once
#include "base/errors.hpp"

#include <stdexcept>
#include <string>

namespace codi {

/// Thrown when the infrastructure fails (disk, store, clock, operating system), never for what a caller sent.
/// Caught in exactly one place for requests (middleware) and one for commands (the CLI's main).
class Failure : public std::runtime_error {
 public:
  Failure(ErrorCode code, std::string const& what) : std::runtime_error(what), code_(code) {}

  /// The row of the error table that this failure is answered with.
  [[nodiscard]] ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace codi

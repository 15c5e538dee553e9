#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace codi::cli {

/// One sign-in, as `codi login` keeps it.
struct Login {
  std::string access_token;
  std::string refresh_token;
  Timestamp expires_at;  ///< of the access token
  std::string email;
  std::string tenant;  ///< slug
};

/// The user's sign-ins, one a server, in a file that only the user reads. Safe among concurrent processes.
class Logins {
 public:
  /// `file` is the user's `credentials.json`.
  explicit Logins(std::filesystem::path file) : file_(std::move(file)) {}

  /// The login at a server, by its address.
  [[nodiscard]] std::optional<Login> find(std::string_view server) const;
  void put(std::string_view server, Login const& login);
  /// False when there was none.
  bool remove(std::string_view server);

  /// Replaces the login of `server` by what `renew` makes of it, one process at a time: a refresh token that is used
  /// twice ends the login. When another process has replaced `seen` meanwhile, its result is taken. Nothing when there
  /// is no login or `renew` gives none.
  std::optional<Login> replace(std::string_view server, Login const& seen,
                               std::function<std::optional<Login>(Login const&)> const& renew);

 private:
  [[nodiscard]] json::object read() const;
  void write(json::object const& all) const;
  std::filesystem::path file_;
};

}  // namespace codi::cli

#include "cli/logins.hpp"

#include "cli/files.hpp"
#include "cli/json_access.hpp"

namespace codi::cli {
namespace {

std::optional<Login> read_login(json::object const& all, std::string_view server) {
  auto const* const entry = member_of(all, server);
  if (entry == nullptr || !entry->is_object()) return std::nullopt;
  auto const& object = entry->get_object();
  auto const expires_at = parse_timestamp(text_of(object, "expires_at"));
  Login out{.access_token = text_of(object, "access_token"),
            .refresh_token = text_of(object, "refresh_token"),
            .expires_at = expires_at.value_or(Timestamp{}),
            .email = text_of(object, "email"),
            .tenant = text_of(object, "tenant")};
  if (out.refresh_token.empty()) return std::nullopt;
  return out;
}

json::object to_json(Login const& login) {
  return {{"access_token", login.access_token},
          {"refresh_token", login.refresh_token},
          {"expires_at", to_string(login.expires_at)},
          {"email", login.email},
          {"tenant", login.tenant}};
}

std::filesystem::path lock_of(std::filesystem::path const& file) { return file.string() + ".lock"; }

}  // namespace

json::object Logins::read() const {
  auto const text = read_file(file_);
  if (!text) return {};
  auto const value = parse_loosely(*text);
  // A damaged file holds nothing that can be saved: the next login replaces it.
  return value && value->is_object() ? value->get_object() : json::object{};
}

void Logins::write(json::object const& all) const { write_file(file_, compact(all) + "\n"); }

std::optional<Login> Logins::find(std::string_view server) const { return read_login(read(), server); }

void Logins::put(std::string_view server, Login const& login) {
  FileLock const lock(lock_of(file_));
  auto all = read();
  all[server] = to_json(login);
  write(all);
}

bool Logins::remove(std::string_view server) {
  FileLock const lock(lock_of(file_));
  auto all = read();
  if (all.erase(json::string_view(server.data(), server.size())) == 0) return false;
  write(all);
  return true;
}

std::optional<Login> Logins::replace(std::string_view server, Login const& seen,
                                     std::function<std::optional<Login>(Login const&)> const& renew) {
  FileLock const lock(lock_of(file_));
  auto all = read();
  auto present = read_login(all, server);
  if (!present || present->refresh_token != seen.refresh_token) return present;
  auto renewed = renew(*present);
  if (!renewed) return std::nullopt;
  all[server] = to_json(*renewed);
  write(all);
  return renewed;
}

}  // namespace codi::cli

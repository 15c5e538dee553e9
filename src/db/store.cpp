#include "db/store.hpp"

#include "db/fdb/fdb_engine.hpp"
#include "db/rocks/rocks_engine.hpp"

#include <fmt/format.h>

#include <array>

namespace codi::db {
namespace {

struct Scheme {
  std::string_view text;
  StoreAddress::Kind kind;
};
constexpr std::array kSchemes{Scheme{"rocksdb:", StoreAddress::Kind::rocks}, Scheme{"fdb:", StoreAddress::Kind::fdb}};

}  // namespace

std::optional<StoreAddress> parse_store(std::string_view text, std::filesystem::path const& directory) {
  for (auto const& scheme : kSchemes) {
    if (!text.starts_with(scheme.text) || text.size() == scheme.text.size()) continue;
    return StoreAddress{
        .kind = scheme.kind,
        .path = (directory / text.substr(scheme.text.size())).lexically_normal(),
    };
  }
  return std::nullopt;
}

std::string no_store(std::string_view text) {
  return fmt::format("'{}' names no store: use rocksdb:FOLDER, or fdb:FILE with the cluster file of FoundationDB",
                     text);
}

std::string to_string(StoreAddress const& address) {
  for (auto const& scheme : kSchemes)
    if (scheme.kind == address.kind) return std::string(scheme.text) + address.path.string();
  return address.path.string();
}

std::unique_ptr<Engine> open_store(StoreAddress const& address) {
  if (address.kind == StoreAddress::Kind::fdb)
    return open_fdb({.cluster_file = address.path, .library = address.library});
  return open_rocks({.directory = address.path});
}

}  // namespace codi::db

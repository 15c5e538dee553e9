#include "db/fdb/library.hpp"

#include "db/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <pthread.h>
#include <utility>

namespace codi::db::fdb {
namespace {

constexpr char const* kDefaultName = "libfdb_c.so";

[[noreturn]] void unusable(std::string const& what) { throw StorageFailure(StorageCode::unavailable, what); }

void* open_or_throw(std::string const& name) {
  if (void* const handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc keeps one message a thread
  char const* const why = dlerror();
  unusable(fmt::format(
      "FoundationDB's client library can't be opened: {}. Install the package foundationdb-clients, or name the file "
      "with --fdb-lib or CODI_FDB_LIB",
      why == nullptr ? name.c_str() : why));
}

template <class Function>
void find(void* handle, std::string const& library, char const* name, Function*& out) {
  void* const found = dlsym(handle, name);
  if (found == nullptr) unusable(fmt::format("{} is no client library of FoundationDB: it has no {}", library, name));
  out = reinterpret_cast<Function*>(found);
}

Functions functions_of(void* handle, std::string const& library) {
  Functions out{};
#define CODI_FDB_FIND(name) find(handle, library, "fdb_" #name, out.name)
  CODI_FDB_FIND(get_error);
  CODI_FDB_FIND(error_predicate);
  CODI_FDB_FIND(get_max_api_version);
  CODI_FDB_FIND(get_client_version);
  CODI_FDB_FIND(select_api_version_impl);
  CODI_FDB_FIND(setup_network);
  CODI_FDB_FIND(run_network);
  CODI_FDB_FIND(stop_network);
  CODI_FDB_FIND(future_destroy);
  CODI_FDB_FIND(future_cancel);
  CODI_FDB_FIND(future_is_ready);
  CODI_FDB_FIND(future_set_callback);
  CODI_FDB_FIND(future_get_error);
  CODI_FDB_FIND(future_get_int64);
  CODI_FDB_FIND(future_get_key);
  CODI_FDB_FIND(future_get_value);
  CODI_FDB_FIND(future_get_keyvalue_array);
  CODI_FDB_FIND(create_database);
  CODI_FDB_FIND(database_destroy);
  CODI_FDB_FIND(database_set_option);
  CODI_FDB_FIND(database_create_transaction);
  CODI_FDB_FIND(transaction_destroy);
  CODI_FDB_FIND(transaction_set_option);
  CODI_FDB_FIND(transaction_get);
  CODI_FDB_FIND(transaction_get_range);
  CODI_FDB_FIND(transaction_get_estimated_range_size_bytes);
  CODI_FDB_FIND(transaction_set);
  CODI_FDB_FIND(transaction_clear);
  CODI_FDB_FIND(transaction_clear_range);
  CODI_FDB_FIND(transaction_atomic_op);
  CODI_FDB_FIND(transaction_add_conflict_range);
  CODI_FDB_FIND(transaction_watch);
  CODI_FDB_FIND(transaction_commit);
  CODI_FDB_FIND(transaction_get_versionstamp);
  CODI_FDB_FIND(transaction_on_error);
#undef CODI_FDB_FIND
  return out;
}

}  // namespace

Library const& Library::open(std::optional<std::filesystem::path> const& file) {
  auto const name = file ? file->string() : std::string(kDefaultName);
  auto const& library = instance(name);
  [[maybe_unused]] static bool const ends = (connection_ended(), true);  // also when no connection comes about
  if (library.name_ != name)
    unusable(fmt::format("a process can have one client library of FoundationDB, and {} is open", library.name_));
  return library;
}

Library::Library(std::string name) : name_(std::move(name)) {
  functions_ = functions_of(open_or_throw(name_), name_);
  int const newest = functions_.get_max_api_version();
  if (newest < kOldestApiVersion)
    unusable(fmt::format("{} speaks API version {} of FoundationDB; codi needs {} (FoundationDB 7.1) or newer", name_,
                         newest, kOldestApiVersion));
  api_version_ = std::min(newest, kNewestApiVersion);
  for (Error const code :
       {functions_.select_api_version_impl(api_version_, api_version_), functions_.setup_network()}) {
    if (code != 0) unusable(fmt::format("{} can't be used: {} ({})", name_, functions_.get_error(code), code));
  }
  network_ = std::thread([this] { functions_.run_network(); });
  pthread_setname_np(network_.native_handle(), "codi-fdb");
}

Library& Library::instance(std::string name) {
  static Library library(std::move(name));
  return library;
}

// What is registered last runs first: before the destructors of all statics that there are by now, the library's among
// them, which it makes when it first needs them.
void Library::connection_ended() {
  static_cast<void>(std::atexit([] { instance({}).stop(); }));
}

void Library::stop() {
  if (!network_.joinable()) return;
  functions_.stop_network();
  network_.join();
}

}  // namespace codi::db::fdb

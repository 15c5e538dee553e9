#include "db/rocks/store_directory.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"
#include "db/rocks/rocks_look.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace codi::db {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr char kMarker[] = "codi-store.json";
constexpr char kMarkerDraft[] = "codi-store.json.new";
constexpr char kLock[] = "codi.lock";
constexpr char kRefused[] = "codi.refused";

std::string error_text() { return std::strerror(errno); }  // NOLINT(concurrency-mt-unsafe): glibc's is thread-safe

std::string read_all(int fd) {
  std::string out;
  std::array<char, 4096> part{};
  ::lseek(fd, 0, SEEK_SET);
  for (;;) {
    auto const n = ::read(fd, part.data(), part.size());
    if (n <= 0) return out;
    out.append(part.data(), static_cast<std::size_t>(n));
  }
}

bool write_all(int fd, std::string_view text) {
  return ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::string text_of(json::object const& object, std::string_view key) {
  auto const* const value = object.if_contains(key);
  if (value == nullptr) return "unknown";
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

json::object parse_object(std::string const& text) {
  boost::system::error_code error;
  auto const value = json::parse(text, error);
  if (error || !value.is_object()) return {};
  return value.get_object();
}

// The holder writes itself down when its store is open: before that the file names the one before it, which is gone.
bool is_gone(json::object const& holder) {
  auto const* const pid = holder.if_contains("pid");
  if (pid == nullptr || !pid->is_int64()) return true;
  return text_of(holder, "host") == host_name() && ::kill(static_cast<pid_t>(pid->get_int64()), 0) != 0 &&
         errno == ESRCH;
}

std::string who_holds(json::object const& holder) {
  if (is_gone(holder)) return fmt::format("another process on {} that is just starting", host_name());
  return fmt::format("process {} on {}, running since {}", text_of(holder, "pid"), text_of(holder, "host"),
                     text_of(holder, "started"));
}

[[noreturn]] void fail_on(fs::path const& directory, std::string const& what,
                          StorageCode code = StorageCode::unavailable) {
  throw StorageFailure(code, fmt::format("store directory {} {}", directory.string(), what));
}

struct Trouble {
  StorageCode code;
  std::string what;
};

// What is wrong with the marker file of a store.
std::optional<Trouble> trouble_with(json::object const& marker) {
  auto const* const format = marker.if_contains("format");
  if (format == nullptr || !format->is_int64())
    return Trouble{
        StorageCode::corrupt,
        fmt::format("has a damaged {} and was left as it is: restore a backup into a new directory", kMarker)};
  if (format->get_int64() == kStoreFormat) return std::nullopt;
  return Trouble{
      StorageCode::corrupt,
      fmt::format("holds a store of format {}, this program knows format {}; it was left as it is: use the version of "
                  "codi that wrote it, or restore a backup into a new directory",
                  format->get_int64(), kStoreFormat)};
}

bool is_ours(std::string const& name) {
  return name == kMarker || name == kMarkerDraft || name == kLock || name == kRefused;
}

}  // namespace

FileHandle::FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
FileHandle::~FileHandle() {
  if (fd_ >= 0) ::close(fd_);
}

StoreDirectory::StoreDirectory(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  auto const status = fs::status(path_, error);
  if (status.type() == fs::file_type::not_found) {
    if (path_.has_parent_path()) fs::create_directories(path_.parent_path(), error);
    if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
      fail("can't be created (" + error_text() + "): check the path and its permissions");
    }
  } else if (status.type() != fs::file_type::directory) {
    fail("is not a directory that can be opened: name another one");
  }
  directory_ = FileHandle(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory_.get() < 0) fail("can't be opened (" + error_text() + "): check its permissions");

  std::vector<std::string> names;
  for (auto it = fs::directory_iterator(path_, error); !error && it != fs::directory_iterator(); it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) fail("can't be listed (" + error.message() + "): check its permissions");
  bool const marked = std::ranges::find(names, kMarker) != names.end();
  bool const only_ours = std::ranges::all_of(names, is_ours);
  if (!marked && !only_ours) {
    fail("holds files that are not codi's and was left as it is: name an empty or a new directory",
         StorageCode::corrupt);
  }
  if (marked) read_marker();
  open_lock();
  // Looked at again under the lock: another process may have made the store meanwhile.
  if (!fs::exists(path_ / kMarker)) write_marker();
  read_marker();
  bool const has_current = fs::exists(path_ / "CURRENT");
  fresh_ = only_ours && !has_current;
  if (!fresh_ && !has_current) {
    fail("is damaged (RocksDB's file CURRENT is missing) and was left as it is: restore a backup into a new directory",
         StorageCode::corrupt);
  }
  read_refused();
}

void StoreDirectory::open_lock() {
  lock_ = FileHandle(::openat(directory_.get(), kLock, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock_.get() < 0) fail("can't be locked (" + error_text() + "): check its permissions");
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) fail("can't be locked (" + error_text() + "): is it on a file system with locks?");
    fail(fmt::format("is in use by {}: stop that one first, or name another directory",
                     who_holds(parse_object(read_all(lock_.get())))));
  }
}

void StoreDirectory::read_marker() {
  FileHandle const file(::openat(directory_.get(), kMarker, O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail(fmt::format("has a {} that can't be read ({})", kMarker, error_text()));
  auto const trouble = trouble_with(parse_object(read_all(file.get())));
  if (trouble) fail(trouble->what, trouble->code);
}

void StoreDirectory::write_marker() {
  json::object const marker{
      {"format", kStoreFormat}, {"engine", "rocksdb"}, {"created_at", to_string(SystemClock().now())}};
  FileHandle const file(::openat(directory_.get(), kMarkerDraft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  bool const written = file.get() >= 0 && write_all(file.get(), json::serialize(marker) + "\n") &&
                       ::renameat(directory_.get(), kMarkerDraft, directory_.get(), kMarker) == 0 &&
                       ::fsync(directory_.get()) == 0;
  if (!written) fail("can't be written (" + error_text() + "): free some space or check its permissions");
}

void StoreDirectory::read_refused() {
  refused_file_ = FileHandle(::openat(directory_.get(), kRefused, O_RDWR | O_CLOEXEC));
  if (refused_file_.get() < 0) return;
  for (char const c : read_all(refused_file_.get())) {
    if (!is_digit(c)) break;
    refused_ = refused_ * 10 + static_cast<std::uint64_t>(c - '0');
  }
}

void StoreDirectory::announce() {
  json::object const holder{{"pid", ::getpid()}, {"host", host_name()}, {"started", to_string(SystemClock().now())}};
  bool written = ::ftruncate(lock_.get(), 0) == 0 && write_all(lock_.get(), json::serialize(holder) + "\n");
  if (refused_file_.get() < 0) {
    // It has its final size from the start, so that refuse() needs no space on a full disk.
    refused_file_ = FileHandle(::openat(directory_.get(), kRefused, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    written = written && refused_file_.get() >= 0 && refuse(0) && ::fsync(directory_.get()) == 0;
  }
  if (!written) fail("can't be written (" + error_text() + "): free some space or check its permissions");
}

std::uint64_t StoreDirectory::bytes() const {
  std::uint64_t out = 0;
  std::error_code error;
  for (auto it = fs::directory_iterator(path_, error); !error && it != fs::directory_iterator(); it.increment(error)) {
    std::error_code gone;  // RocksDB deletes files at any time
    auto const size = fs::file_size(it->path(), gone);
    if (!gone) out += size;
  }
  return out;
}

std::optional<std::uint64_t> StoreDirectory::bytes_free() const {
  std::error_code error;
  auto const space = fs::space(path_, error);
  if (error) return std::nullopt;
  return space.available;
}

bool StoreDirectory::refuse(std::uint64_t version) {
  if (!write_all(refused_file_.get(), fmt::format("{:020}\n", version))) return false;
  refused_ = version;
  return true;
}

void StoreDirectory::fail(std::string const& what, StorageCode code) const { fail_on(path_, what, code); }

std::optional<RocksHolder> rocks_holder(fs::path const& directory) {
  auto const open = [&](char const* name) {
    FileHandle file(::open((directory / name).c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) fail_on(directory, fmt::format("holds no store that can be read ({}: {})", name, error_text()));
    return file;
  };
  auto const marker = open(kMarker);
  if (auto const trouble = trouble_with(parse_object(read_all(marker.get()))))
    fail_on(directory, trouble->what, trouble->code);
  auto const lock = open(kLock);
  if (::flock(lock.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  auto const holder = parse_object(read_all(lock.get()));
  auto const* const pid = holder.if_contains("pid");
  return RocksHolder{who_holds(holder),
                     pid != nullptr && pid->is_int64() ? std::optional(pid->get_int64()) : std::nullopt};
}

}  // namespace codi::db

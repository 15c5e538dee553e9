#include "auth/private_file.hpp"

#include "base/failure.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace codi::auth {
namespace {

[[noreturn]] void failed(std::filesystem::path const& file, char const* what) {
  throw Failure(ErrorCode::storage_unavailable,
                "can't " + std::string(what) + ' ' + file.string() + ": " + std::generic_category().message(errno));
}

std::filesystem::path folder_of(std::filesystem::path const& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

class File {
 public:
  File(std::filesystem::path path, int flags) : path_(std::move(path)), fd_(::open(path_.c_str(), flags, 0600)) {
    if (fd_ < 0) failed(path_, "open");
  }
  ~File() { ::close(fd_); }
  File(File const&) = delete;
  File& operator=(File const&) = delete;

  void write(std::string_view text) {
    while (!text.empty()) {
      auto const written = ::write(fd_, text.data(), text.size());
      if (written < 0 && errno != EINTR) failed(path_, "write");
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void sync() {
    if (::fsync(fd_) != 0) failed(path_, "sync");
  }

 private:
  std::filesystem::path path_;
  int fd_;
};

}  // namespace

void write_private_file(std::filesystem::path const& file, std::string_view text) {
  auto fresh = file;
  fresh += ".new";
  ::unlink(fresh.c_str());  // left by a server that was killed here
  {
    File out(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
    out.write(text);
    out.sync();
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0) failed(file, "rename to");
  File(folder_of(file), O_RDONLY | O_DIRECTORY | O_CLOEXEC).sync();
}

FolderLock::FolderLock(std::filesystem::path const& file)
    : fd_(::open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) failed(folder_of(file), "open");
  ::flock(fd_, LOCK_EX);
}

FolderLock::~FolderLock() { ::close(fd_); }

}  // namespace codi::auth

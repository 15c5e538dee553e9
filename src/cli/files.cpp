#include "cli/files.hpp"

#include "base/failure.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace codi::cli {
namespace {

[[noreturn]] void fail_on(std::filesystem::path const& path, std::string_view what) {
  throw Failure(ErrorCode::internal,
                fmt::format("{} {}: {}", what, path.string(), std::generic_category().message(errno)));
}

}  // namespace

FileHandle::FileHandle(std::filesystem::path const& path, int flags, mode_t mode)
    : descriptor_(open(path.c_str(), flags | O_CLOEXEC, mode)) {
  if (descriptor_ < 0) fail_on(path, "can't open");
}

FileHandle::~FileHandle() { close(descriptor_); }

FileLock::FileLock(std::filesystem::path const& path)
    : file_((make_private_folder(path.parent_path()), path), O_RDWR | O_CREAT) {
  while (flock(file_.get(), LOCK_EX) != 0)
    if (errno != EINTR) fail_on(path, "can't lock");
}

std::optional<std::string> read_file(std::filesystem::path const& path) {
  int const descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail_on(path, "can't read");
  }
  std::string text;
  std::array<char, 65'536> block{};
  ssize_t count = 0;
  while ((count = read(descriptor, block.data(), block.size())) > 0)
    text.append(block.data(), static_cast<std::size_t>(count));
  int const error = errno;
  close(descriptor);
  errno = error;
  if (count < 0) fail_on(path, "can't read");
  return text;
}

void write_all(FileHandle const& file, std::string_view text, std::optional<off_t> offset) {
  while (!text.empty()) {
    auto const count =
        offset ? pwrite(file.get(), text.data(), text.size(), *offset) : write(file.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Failure(ErrorCode::internal, "can't write a file: " + std::generic_category().message(errno));
    text.remove_prefix(static_cast<std::size_t>(count));
    if (offset) *offset += count;
  }
}

void write_file(std::filesystem::path const& path, std::string_view text, mode_t mode) {
  make_private_folder(path.parent_path());
  auto temporary = path.string() + ".XXXXXX";
  int const descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) fail_on(path, "can't write");
  close(descriptor);
  try {
    FileHandle const file(temporary, O_WRONLY | O_TRUNC);
    write_all(file, text);
    if (fchmod(file.get(), mode) != 0 || fsync(file.get()) != 0) fail_on(path, "can't write");
    if (rename(temporary.c_str(), path.c_str()) != 0) fail_on(path, "can't replace");
  } catch (...) {
    unlink(temporary.c_str());
    throw;
  }
}

void make_private_folder(std::filesystem::path const& folder) {
  if (folder.empty() || std::filesystem::is_directory(folder)) return;
  make_private_folder(folder.parent_path());
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail_on(folder, "can't make the folder");
}

}  // namespace codi::cli

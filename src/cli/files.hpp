#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

/// The client's files. Every function throws Failure when the machine fails it.
namespace codi::cli {

/// An open file; closed with it.
class FileHandle {
 public:
  /// Opens as open(2) does, with O_CLOEXEC.
  FileHandle(std::filesystem::path const& path, int flags, mode_t mode = 0600);
  FileHandle(FileHandle const&) = delete;
  FileHandle& operator=(FileHandle const&) = delete;
  ~FileHandle();
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Holds an exclusive lock (flock) on a file of its own, made when missing; waits for it. Freed with it, or with the
/// process. `path`'s folder is made private.
class FileLock {
 public:
  explicit FileLock(std::filesystem::path const& path);

 private:
  FileHandle file_;
};

/// The whole content; nothing when there is no such file.
std::optional<std::string> read_file(std::filesystem::path const& path);

/// Replaces a file as a whole: readers see the old content or the new one, also after a power cut. Makes its folder.
void write_file(std::filesystem::path const& path, std::string_view text, mode_t mode = 0600);

/// Writes all of `text` at the file's position or, when `offset` is given, there.
void write_all(FileHandle const& file, std::string_view text, std::optional<off_t> offset = {});

/// Makes a folder and those above it; new ones are the user's alone.
void make_private_folder(std::filesystem::path const& folder);

}  // namespace codi::cli

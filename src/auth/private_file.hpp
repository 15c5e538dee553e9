#pragma once
#include <filesystem>
#include <string_view>

namespace codi::auth {

/// Writes a file that only its owner can read (mode 0600), in the place of what was there, as a whole or not at all,
/// and synced to the disk with its folder. Throws Failure naming the file.
void write_private_file(std::filesystem::path const& file, std::string_view text);

/// Holds a lock on the folder of `file` among the processes of this machine that take it, until it is destroyed.
/// Blocks.
class FolderLock {
 public:
  explicit FolderLock(std::filesystem::path const& file);
  ~FolderLock();
  FolderLock(FolderLock const&) = delete;
  FolderLock& operator=(FolderLock const&) = delete;

 private:
  int fd_;
};

}  // namespace codi::auth

#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "cli/files.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::cli {

/// A codi-log line that waits for its server.
struct SpooledLine {
  std::string key;     ///< its Idempotency-Key, for every try: a line is sent often and carried out once
  Timestamp at;        ///< when it was said
  std::string line;    ///< as it was given
  std::string action;  ///< empty: none was given
  std::string place;   ///< where it was said, for the aliases of templates
  json::object facts;  ///< branch, worktree, host
};

/// Lines on the disk, in the order in which they were said. One JSON object a line; a line that has been dealt with
/// begins with `#` instead of a space. A line is in it as soon as append() returns, also after a power cut; half a
/// line, of a process that died while writing, is not a line and is cut off. Everything happens under a lock, among
/// threads and processes. Throws Failure when the machine fails it.
class Spool {
 public:
  /// `file` is made when the first line comes.
  explicit Spool(std::filesystem::path file);

  /// True when no line waits, by a look without the lock.
  [[nodiscard]] static bool looks_empty(std::filesystem::path const& file);

  /// The oldest line that waits. What is no spooled line is rejected on the way.
  [[nodiscard]] std::optional<SpooledLine> front();
  /// The oldest line has been sent.
  void pop();
  /// The oldest line was refused for good: kept, with the reason, in the file of rejected lines.
  void reject(std::string_view why);
  /// False when the line would pass limits::kSpoolBytes.
  [[nodiscard]] bool append(SpooledLine const& line);

  [[nodiscard]] std::size_t waiting() const;
  /// The lines that wait, oldest first.
  [[nodiscard]] std::vector<SpooledLine> lines() const;
  [[nodiscard]] std::filesystem::path rejected_file() const;

 private:
  void load();
  void skip_dealt_with();

  std::filesystem::path path_;
  FileLock lock_;
  FileHandle file_;
  std::string text_;
  std::size_t front_ = 0;  ///< of the oldest line that waits, in text_
};

}  // namespace codi::cli

#pragma once
#include "cli/context.hpp"
#include "cli/spool.hpp"
#include "coordination/log_line.hpp"

#include <optional>
#include <string>

namespace codi::cli {

/// What became of a line.
struct WrittenLine {
  json::value answer;                    ///< the server's; null when the line waits
  std::optional<std::string> new_alias;  ///< that a template was given now
  std::size_t waiting = 0;               ///< lines in the spool, this one included; 0 when it was sent
};

/// Writes codi-log lines: sends them, or keeps them while the server is away.
///
/// Order: lines of one caller in one project are sent in the order in which they were said; while one waits, none
/// overtakes it. Once: a line has one Idempotency-Key for all tries. Claims and handoffs don't wait: nobody can promise
/// them offline. Templates: lines whose session ends in a literal N go to the session that was last started from it at
/// this place; a SESSION_START that waits has no number yet, and the lines behind it get theirs when it has been sent.
/// A waiting line that the server refuses goes to the file of rejected lines and the next is sent; a refused credential
/// stops the sending instead.
class LogWriter {
 public:
  explicit LogWriter(Context& context) : context_(context) {}

  /// `line` is what was read from `message` and `action`.
  Outcome<WrittenLine> write(coordination::LogLine const& line, std::string const& message, std::string const& action);

  /// Sends what waits; how many lines were sent.
  Outcome<std::size_t> flush();

 private:
  Outcome<WrittenLine> send(SpooledLine const& line, coordination::LogLine const& parsed);
  Outcome<std::size_t> flush(Spool& spool);
  Outcome<WrittenLine> keep(Spool& spool, SpooledLine line, coordination::LogLine const& read, Complaint const& why);
  Outcome<std::string> with_alias(SpooledLine const& line, coordination::LogLine const& parsed);
  Outcome<TreeState> memory_of(std::string const& place);
  Outcome<std::filesystem::path> spool_file();
  Outcome<SpooledLine> make_line(std::string const& message, std::string const& action);

  Context& context_;
};

}  // namespace codi::cli

#pragma once
#include "base/clock.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// What happened to the claims of one project, and whether it may have happened so.
namespace codi::testing {

namespace json = boost::json;

/// A claim as an answer shows it, or as it is stored at the end.
struct SeenClaim {
  std::string id;
  std::string target;
  std::string session;
  std::string token;
  bool shared = false;
  bool live = true;
  Timestamp expires_at;
};
SeenClaim seen_claim(json::object const& claim);

/// A call of one client. `began` and `ended` count all beginnings and ends of calls in the order in which they
/// happened.
struct SeenCall {
  std::string operation;
  std::string session;                    ///< id of the one that acts
  std::vector<std::string> targets = {};  ///< of a claim, canonical
  std::string tag = {};                   ///< of a claim: its reason, which the event of its grant repeats
  std::uint64_t began = 0;
  std::uint64_t ended = 0;
  unsigned status = 0;  ///< 0: no answer
  bool lost = false;    ///< for the connection ended before
  std::string code = {};
  std::string ticket = {};
  std::vector<SeenClaim> claims = {};  ///< that it answered
};

/// An entry of the work log.
struct SeenEvent {
  std::string cursor;
  std::string action;
  std::string session;
  Timestamp at;
  std::vector<std::string> paths = {};
  json::object data = {};
};
SeenEvent seen_event(json::object const& event);

struct ClaimHistory {
  std::vector<SeenCall> calls = {};
  std::vector<SeenEvent> events = {};       ///< all, oldest first: every change writes one, in the order of commits
  std::vector<SeenClaim> left = {};         ///< every claim as it is stored at the end
  std::vector<std::string> waiting = {};    ///< tickets that still wait when nothing is held any more
  std::int64_t session_ttl_seconds = 3600;  ///< of all sessions
  bool priorities = false;                  ///< some were served as if they had come at another time
};

/// What may not have happened, a sentence each; empty when all is well:
/// - two sessions held what overlaps, one of them alone;
/// - a fencing token was not higher than all that were given before for what overlaps, or changed without a reason;
/// - of a batch a part was claimed, or what was refused was granted;
/// - something was granted to who had stopped waiting, or somebody who came later got what another waited for;
/// - a claim ended twice, or before its time, or was changed by who did not hold it;
/// - an answer differs from the log, or contradicts the order in which calls were answered;
/// - a call was not answered, a ticket never left the line;
/// - what is stored at the end is not what the log makes of it.
std::vector<std::string> flaws_of(ClaimHistory const& history);

/// The history, an event or call a line.
std::string told(ClaimHistory const& history);

}  // namespace codi::testing

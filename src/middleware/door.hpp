#pragma once
#include "api/operation.hpp"
#include "base/result.hpp"
#include "middleware/http.hpp"
#include "middleware/problem.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::middleware {

/// How the requests and answers of a door look on the wire; what they do is the operations' alone.
struct DoorForm {
  std::string_view media_type;  ///< of bodies, besides application/json in requests
  bool takes_basic = false;     ///< a token also comes as the password of HTTP Basic (RFC 7617), with any user name
  bool ignores_the_unknown = false;  ///< members and query parameters that no operation knows are not errors
  HttpResponse (*refusal)(Error const& error, ProblemContext const& context);
  void (*finish)(HttpResponse& success) = nullptr;  ///< makes of an operation's answer what the door's clients expect
};

/// The form of a door.
DoorForm const& form_of(api::Door door);

/// The door at which a request for a path is answered, even where no operation has it; `segments` as in Url.
api::Door door_of_path(std::vector<std::string> const& segments);

/// What an Authorization field holds, as far as a door could take it.
struct Authorization {
  bool basic = false;
  std::string token;  ///< secret
};
/// Nothing for another scheme than Bearer and Basic, and where the token is missing.
std::optional<Authorization> read_authorization(std::string_view field);

/// The form of refusals that git-lfs reads: `message`, `request_id`, `documentation_url`, and `lock` where there is
/// one.
HttpResponse lfs_refusal(Error const& error, ProblemContext const& context);

}  // namespace codi::middleware

#include "api/secrets.hpp"

namespace codi::api {

json::object without_secrets(json::object answer, Operation const& operation) {
  for (auto const& member : operation.outputs)
    if (member.field.is_secret) answer.erase(member.field.name);
  return answer;
}

}  // namespace codi::api

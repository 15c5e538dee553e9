#include "reflect/encode.hpp"

#include "base/json_text.hpp"

namespace codi::reflect {

void Encoded::fill(CommitStamp const& commit) {
  for (auto hole : holes) {
    hole.stamp.commit = commit;
    text.replace(hole.offset, kStampTextSize, to_string(hole.stamp));
  }
  holes.clear();
}

void Encoder::value(double v) { append_json(out_.text, v); }

void Encoder::value(std::string_view v) { append_json(out_.text, v); }

void Encoder::value(Stamp const& v) {
  if (v.pending) out_.holes.push_back({static_cast<std::uint32_t>(out_.text.size() + 1), v});
  value(std::string_view(to_string(v)));
}

void Encoder::value(json::object const& v) { append_json(out_.text, v); }

void Encoder::value(json::value const& v) { append_json(out_.text, v); }

}  // namespace codi::reflect

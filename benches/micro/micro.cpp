// codi_micro: what the parts of a request cost, each alone.
#include "auth/jwt.hpp"
#include "auth/key_pair.hpp"
#include "auth/password.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "coordination/target.hpp"
#include "db/keys.hpp"
#include "models/session.hpp"
#include "reflect/decoded.hpp"
#include "reflect/encode.hpp"

#include <benchmark/benchmark.h>
#include <optional>
#include <string>
#include <string_view>

namespace codi {
namespace {

constexpr Timestamp kNow{1'750'000'000'000};
constexpr Timestamp kLater{1'750'000'900'000};

models::Session session() {
  SeededRandom random(1);
  return {.id = SessionId::make(kNow, random),
          .project_id = ProjectId::make(kNow, random),
          .alias = "RUST-DEVELOPER-SESSION-7",
          .role = "rust-developer",
          .branch = "main",
          .user_id = UserId::make(kNow, random),
          .last_seen_at = kNow,
          .expires_at = kLater,
          .created_at = kNow,
          .updated_at = kNow};
}

// The first request with a token; later ones find it among those that were verified.
void verify_token(benchmark::State& state) {
  auto const key = auth::generate_key_pair();
  auto const token = auth::sign_jwt({}, key, "bench", kNow, kLater);
  for (auto _ : state) {
    auto verified = auth::verify_jwt(token, key, "bench");
    if (!verified) return state.SkipWithError("the token was not verified");
    benchmark::DoNotOptimize(verified);
  }
}
BENCHMARK(verify_token)->Unit(benchmark::kMicrosecond);

void sign_token(benchmark::State& state) {
  auto const key = auth::generate_key_pair();
  for (auto _ : state) benchmark::DoNotOptimize(auth::sign_jwt({}, key, "bench", kNow, kLater));
}
BENCHMARK(sign_token)->Unit(benchmark::kMicrosecond);

void verify_password(benchmark::State& state) {
  auth::PasswordHasher const hasher;
  std::optional const hash = hasher.hash("correct horse battery staple");
  for (auto _ : state) benchmark::DoNotOptimize(hasher.verify("correct horse battery staple", hash));
}
BENCHMARK(verify_password)->Unit(benchmark::kMicrosecond);

void decode_session(benchmark::State& state) {
  auto const text = reflect::encode_text(session());
  for (auto _ : state) benchmark::DoNotOptimize(reflect::decode_stored<models::Session>(text));
}
BENCHMARK(decode_session);

void decode_known_session(benchmark::State& state) {
  auto const text = reflect::encode_text(session());
  for (auto _ : state) benchmark::DoNotOptimize(reflect::decode_stored_cached<models::Session>(text));
}
BENCHMARK(decode_known_session);

void encode_session(benchmark::State& state) {
  auto const value = session();
  for (auto _ : state) benchmark::DoNotOptimize(reflect::encode_text(value));
}
BENCHMARK(encode_session);

void parse_path(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(coordination::parse_target("src/api/users.rs", true));
}
BENCHMARK(parse_path);

void parse_glob(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(coordination::parse_target("src/**/*_test.{cpp,hpp}", true));
}
BENCHMARK(parse_glob);

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  while (count-- > 0) out += text;
  return out;
}

void overlap(benchmark::State& state, std::string_view a, std::string_view b) {
  auto const one = coordination::parse_target(a, true);
  auto const other = coordination::parse_target(b, true);
  if (!one || !other) return state.SkipWithError("a pattern was refused");
  for (auto _ : state) benchmark::DoNotOptimize(coordination::overlaps(*one, *other));
}

void overlap_usual(benchmark::State& state) { overlap(state, "src/**/*_test.cpp", "src/*/test_*.cpp"); }
BENCHMARK(overlap_usual);

// The longest patterns that meet at last, and that never do. Nothing but the first letter of each star's run tells
// them apart, so every pair of places is visited.
void overlap_worst(benchmark::State& state) {
  overlap(state, times(limits::kGlobBytes / 2, "*a"), times(limits::kGlobBytes / 2, "*b"));
}
BENCHMARK(overlap_worst)->Unit(benchmark::kMicrosecond);

void overlap_worst_of_segments(benchmark::State& state) {
  overlap(state, times(limits::kGlobBytes / 4, "**/?"), times(limits::kGlobBytes / 4, "**/b"));
}
BENCHMARK(overlap_worst_of_segments)->Unit(benchmark::kMicrosecond);

void make_key(benchmark::State& state) {
  auto const value = session();
  for (auto _ : state) benchmark::DoNotOptimize(db::make_key({}, "project", value.project_id, "sessions", value.id));
}
BENCHMARK(make_key);

}  // namespace
}  // namespace codi

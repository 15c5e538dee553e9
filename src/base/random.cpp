#include "base/random.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace codi {

namespace {

// Bytes of the system drawn ahead, because each call of it costs as much as the rest of making an id. Used bytes are
// wiped.
class Drawn {
 public:
  void fill(std::span<std::byte> out) {
    if (left_ < out.size()) {
      randombytes_buf(bytes_.data(), bytes_.size());
      left_ = bytes_.size();
    }
    auto const next = std::span(bytes_).subspan(bytes_.size() - left_, out.size());
    std::ranges::copy(next, out.begin());
    sodium_memzero(next.data(), next.size());
    left_ -= out.size();
  }

 private:
  std::array<std::byte, 512> bytes_{};
  std::size_t left_ = 0;
};

constexpr std::size_t kDrawnAheadMax = 64;

}  // namespace

void SystemRandom::fill(std::span<std::byte> out) {
  static thread_local Drawn drawn;
  if (out.size() <= kDrawnAheadMax)
    drawn.fill(out);
  else
    randombytes_buf(out.data(), out.size());
}

SeededRandom::SeededRandom(std::uint64_t seed) : seed_{} { std::memcpy(seed_.data(), &seed, sizeof seed); }

void SeededRandom::fill(std::span<std::byte> out) {
  std::lock_guard const lock(mutex_);
  // A fresh 32-byte seed for each call: the call's number is mixed into the first.
  auto mixed = seed_;
  std::uint64_t const call = ++calls_;
  for (std::size_t i = 0; i < sizeof call; ++i) mixed[24 + i] ^= static_cast<std::byte>(call >> (8 * i));
  static_assert(std::tuple_size_v<Seed> == randombytes_SEEDBYTES);
  randombytes_buf_deterministic(out.data(), out.size(), reinterpret_cast<unsigned char const*>(mixed.data()));
}

}  // namespace codi

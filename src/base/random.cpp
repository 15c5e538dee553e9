#include "base/random.hpp"

#include <sodium.h>

#include <cstring>

namespace codi {

void SystemRandom::fill(std::span<std::byte> out) {
  if (!out.empty()) randombytes_buf(out.data(), out.size());  // its pointer must not be null
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

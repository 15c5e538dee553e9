#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

namespace codi {

/// Where unpredictable bytes come from; the seam by which tests make ids repeatable. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  /// Overwrites all of `out`.
  virtual void fill(std::span<std::byte> out) = 0;
};

/// The operating system's generator, through libsodium.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

/// A repeatable stream of ChaCha20 bytes from a 32-byte seed (libsodium's randombytes_buf_deterministic, one block
/// index a call). Also what a request draws its ids and secrets from, so that every try of its transaction draws the
/// same ones.
class SeededRandom final : public Random {
 public:
  using Seed = std::array<std::byte, 32>;
  explicit SeededRandom(Seed seed) : seed_(seed) {}
  explicit SeededRandom(std::uint64_t seed);
  void fill(std::span<std::byte> out) override;

 private:
  std::mutex mutex_;
  Seed seed_;
  std::uint64_t calls_ = 0;
};

}  // namespace codi

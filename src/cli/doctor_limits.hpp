#pragma once
#include "base/limits.hpp"
namespace codi::limits {
// What `codi doctor` finds worth a word.
inline constexpr auto kDoctorAnswerTime = 5s;
inline constexpr auto kDoctorClockWarn = 2s;  // of difference between the clocks of server and client
inline constexpr auto kDoctorClockFail = 30s;
inline constexpr auto kDoctorExpiryWarn = 21 * 24h;  // of a certificate, until its end
inline constexpr auto kDoctorExpiryFail = 3 * 24h;
inline constexpr auto kDoctorTokenWarn = 3 * 24h;  // of an API token, until its end
inline constexpr std::uint64_t kDoctorDiskBytesWarn = std::uint64_t{1} << 30;
inline constexpr std::uint64_t kDoctorDiskBytesFail = std::uint64_t{200} << 20;
inline constexpr std::uint64_t kDoctorDiskShareWarn = 10;     // percent
inline constexpr std::uint64_t kDoctorOpenFilesWarn = 4'096;  // connections and files of the store

}  // namespace codi::limits

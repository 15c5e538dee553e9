#include "gateway/disk_watch.hpp"

#include "base/log.hpp"

#include <utility>

namespace codi::gateway {

DiskWatch::DiskWatch(db::Engine const& engine, std::chrono::milliseconds period)
    : engine_(engine), ticker_("disk", period, [this] { look(); }) {}

void DiskWatch::look() {
  auto const free = engine_.stats().bytes_free;
  if (!free) return;
  bool const low = *free < limits::kDiskLowBytes;
  if (std::exchange(low_, low) == low) return;
  boost::json::object const figures{{"bytes_free", *free}, {"bytes_low", limits::kDiskLowBytes}};
  if (low)
    log::write(log::Level::warn, "store", "disk_low",
               {{"detail", "little is free on the disk of the store: free some space before writes are refused"},
                {"metadata", figures}});
  else
    log::write(log::Level::info, "store", "disk_low_over", {{"metadata", figures}});
}

}  // namespace codi::gateway

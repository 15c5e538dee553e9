#pragma once
#include <string_view>
#include <vector>

/// What a service manager such as systemd and a server say to each other, as sd_notify(3) and sd_listen_fds(3) describe
/// it. The protocols are promised to stay, and small enough to need no library.
namespace codi::gateway {

/// Sends a state such as `READY=1` to the service manager; does nothing when there is none that listens.
void notify_service_manager(std::string_view state);

/// `RELOADING=1` with the time that it asks for.
void notify_reloading();

/// The descriptors that the service manager has opened for this process, now closed on exec; empty for none.
std::vector<int> inherited_descriptors();

}  // namespace codi::gateway

#pragma once
#include "middleware/metrics.hpp"

#include <prometheus/metric_family.h>

#include <vector>

namespace codi::middleware {

/// Adds what the sources tell now, and what the system says of this process.
void add_sources(std::vector<prometheus::MetricFamily>& out, MetricSources const& sources);

}  // namespace codi::middleware

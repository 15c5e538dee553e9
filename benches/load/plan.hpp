#pragma once
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::load {

/// The values of the names that a plan uses, by Names::index.
using Values = std::vector<std::string>;

/// Numbers the names of a plan, so that a request is written without looking any of them up.
class Names {
 public:
  std::size_t index(std::string_view name);
  [[nodiscard]] std::size_t size() const { return indices_.size(); }

 private:
  std::map<std::string, std::size_t, std::less<>> indices_;
};

/// Text with `${name}` in it.
class Template {
 public:
  Template() = default;
  Template(std::string_view text, Names& names);
  void append_to(std::string& out, Values const& values) const;

 private:
  struct Part {
    std::string text;
    std::optional<std::size_t> name;  ///< whose value follows the text
  };
  std::vector<Part> parts_;
};

/// One request of a flow.
struct Step {
  std::string name;  ///< under which it is counted
  Template head;     ///< request line and header fields, without Content-Length
  std::optional<Template> body;
  std::vector<unsigned> statuses;  ///< those that are no error
  struct Capture {
    std::size_t into;
    std::string after;  ///< the value follows the last place of this in the answer's body, up to the next `"`
  };
  std::vector<Capture> captures;
};

/// Requests that a client makes one after another.
struct Flow {
  double weight = 1;  ///< how often it is chosen, in proportion to the others
  std::vector<Step> steps;
};

/// What is to be done. See docs/benchmarks.md for its JSON.
struct Plan {
  std::string host;
  std::uint16_t port = 0;
  std::size_t clients = 1;
  double warmup_seconds = 0;
  double seconds = 1;
  std::size_t runs = 0;         ///< flows for each client to do; 0: as many as fit the time
  double flows_per_second = 0;  ///< of all clients; 0: each starts the next one as soon as one is done
  std::vector<Flow> flows;
  Names names;
  std::map<std::size_t, std::vector<std::string>> of_client;  ///< client i has the value i, counted round
  std::map<std::size_t, std::vector<std::string>> in_turn;    ///< each flow takes the next values
};

/// Throws std::exception where the document is not a plan.
Plan read_plan(boost::json::value const& document);

}  // namespace codi::load

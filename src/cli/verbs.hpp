#pragma once
#include "cli/catalog.hpp"
#include "cli/verb.hpp"

#include <vector>

/// The verbs, one function an area and file.
namespace codi::cli {

std::vector<Verb> setup_verbs();                               ///< init
std::vector<Verb> login_verbs();                               ///< login logout whoami
std::vector<Verb> session_verbs(Catalog const& catalog);       ///< session start, list, show, heartbeat, end
std::vector<Verb> claim_verbs(Catalog const& catalog);         ///< claim release claims check
std::vector<Verb> claim_change_verbs(Catalog const& catalog);  ///< claim mv, transfer, mode, request-release...
std::vector<Verb> ticket_verbs(Catalog const& catalog);        ///< tickets, ticket show, ticket cancel
std::vector<Verb> owner_verbs();                               ///< owners import, show
std::vector<Verb> role_verbs();                                ///< roles import, list, show, lend
std::vector<Verb> role_set_verbs();                            ///< roles lint, graph
std::vector<Verb> report_verbs(Catalog const& catalog);        ///< report, gates, roles pull
std::vector<Verb> scorecard_verbs();                           ///< roles report
std::vector<Verb> workflow_verbs(Catalog const& catalog);      ///< workflow start, done, list, show, cancel
std::vector<Verb> log_verbs(Catalog const& catalog);           ///< log timeline
std::vector<Verb> watch_verbs(Catalog const& catalog);         ///< watch
std::vector<Verb> handoff_verbs(Catalog const& catalog);       ///< handoff and what stands below it
std::vector<Verb> inbox_verbs(Catalog const& catalog);         ///< inbox and what stands below it
std::vector<Verb> guard_verbs();                               ///< guard install, remove, status, check
std::vector<Verb> mcp_verbs();                                 ///< mcp
std::vector<Verb> operator_verbs();                            ///< backup restore operator-token
std::vector<Verb> information_verbs();                         ///< errors version completion

/// All of them, and those that the operations make by themselves.
std::vector<Verb> all_verbs(Catalog const& catalog);

}  // namespace codi::cli

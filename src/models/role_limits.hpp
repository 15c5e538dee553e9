#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

/// Limits of roles and their documents. Units stand last in the names.
namespace codi::limits {

inline constexpr std::size_t kRoleDocumentBytes = 1'000'000;
inline constexpr std::size_t kRoleItems = 1'000;         // of each list of a role
inline constexpr std::size_t kRoleTextBytes = 16 << 10;  // of each text in it
inline constexpr std::size_t kRoleNameBytes = 100;       // of its name
inline constexpr std::size_t kRoleBytes = 512 << 10;     // of all that is kept of a role, as JSON
inline constexpr std::size_t kRoleFindings = 200;        // told of one document
inline constexpr std::size_t kCheckBytes = 1'024;        // of a line that is read as checks
inline constexpr std::size_t kCheckParts = 20;           // of it
inline constexpr std::size_t kRoles = 100;               // of a project
inline constexpr std::size_t kRoleBoundaries = 2'000;    // of all roles of a project together
inline constexpr std::size_t kRoleLoans = 500;           // of a project, that have not run out
inline constexpr std::size_t kLintFindings = 1'000;      // told at once
inline constexpr std::size_t kLintSteps =
    5'000'000;  // of automata that compare boundaries, and bytes of metrics, in one lint
inline constexpr std::size_t kBoundarySteps = 4'000'000;     // of automata that judge the targets of one request, once
inline constexpr std::size_t kLoanSteps = 10'000;            // of automata that judge whether one path can be lent
inline constexpr std::chrono::hours kRoleLoanTime{30 * 24};  // the longest for which a path is lent
inline constexpr std::size_t kRoleBoundaryBytes = 1 << 20;   // of the boundaries of all roles of a project together
inline constexpr std::size_t kBoundaryTablesKept = 16;       // that a thread need not read again
inline constexpr std::size_t kYamlDepth = 8;                 // of what is read of front matter
inline constexpr std::size_t kWorkflowSteps = 1'000;         // of one workflow
inline constexpr std::size_t kWorkflowBytes = 128 << 10;     // of one that a session works through, all steps done
inline constexpr std::size_t kWorkflowsRunning = 20;         // of one session

// Reports and what they are held against.
inline constexpr std::size_t kReportMeasures = 200;        // of one report
inline constexpr std::size_t kMeasureNames = 200;          // that a project adds to the table
inline constexpr std::size_t kRoleChecks = 2'000;          // gates and triggers of all roles of a project together
inline constexpr std::size_t kRoleCheckBytes = 1 << 20;    // of them, as JSON
inline constexpr std::size_t kCheckTablesKept = 16;        // that a thread need not read again
inline constexpr std::size_t kFallsTold = 50;              // of gates, and of conditions, that one report tells of
inline constexpr std::int64_t kRoleFactDays = 30;          // for which is counted what sessions of a role did
inline constexpr std::size_t kRoleAccepts = 500;           // the last ones, of which a median is taken
inline constexpr std::size_t kScorecardReports = 500;      // the last ones, that one scorecard looks at
inline constexpr std::int64_t kScorecardPoints = 100;      // of each of its figures
inline constexpr std::size_t kScorecardEvents = 20;        // named behind one value
inline constexpr std::size_t kReportFileBytes = 64 << 20;  // of a file that measures are read from
inline constexpr std::size_t kReportFileDepth = 64;        // of what is nested in it
inline constexpr std::size_t kReportFileTools = 20;        // that one SARIF file tells of by their names

}  // namespace codi::limits

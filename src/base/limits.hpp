#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every limit of codi, in one place. Units stand last in the names.
namespace codi::limits {

using namespace std::chrono_literals;

// Store: FoundationDB's, enforced by every engine.
inline constexpr std::size_t kKeyBytes = 10'000;
inline constexpr std::size_t kValueBytes = 100'000;
inline constexpr std::size_t kTransactionBytes = 10'000'000;
inline constexpr auto kTransactionTime = 5s;
inline constexpr std::size_t kTransactionTries = 50;
inline constexpr std::size_t kChunkBytes = 90'000;
inline constexpr std::size_t kRangeRows = 1'000;
inline constexpr std::size_t kRangeBytes = 1 << 20;
inline constexpr std::size_t kTupleDepth = 32;
inline constexpr std::size_t kCommitQueue = 65'536;
inline constexpr std::size_t kCommitBatch = 4'096;
inline constexpr std::size_t kCommitBatchBytes = 16 << 20;
inline constexpr std::size_t kTenantShareOfBatch = 2;  ///< transactions, while several tenants work
inline constexpr std::size_t kReadQueue = 65'536;
inline constexpr auto kClusterTime = 10s;  // for a transaction with all its tries on a cluster
inline constexpr std::chrono::milliseconds kMarkKept =
    10min;                                   // of a transaction, by which it is known when tried again
inline constexpr auto kMarkSweep = 1min;     // between removals of old ones
inline constexpr auto kClusterBackoff = 1s;  // between two tries, at most
inline constexpr std::size_t kClusterTransactions =
    1'000;                                              // of one server that write at once; more wait for their turn
inline constexpr std::size_t kClusterWatches = 25'000;  // of one server; keys beyond are looked at again and again
inline constexpr auto kClusterSizeLook = 30s;           // between estimates of how much a cluster keeps
inline constexpr auto kFreezeLease = 15s;               // without a sign of life of who froze a cluster
inline constexpr auto kStoreRecoveryInterval = 200ms;
inline constexpr std::size_t kStoreRecoveryBytes = 4 << 20;  // that must be free besides what is flushed
inline constexpr std::uint64_t kDiskLowBytes = 512 << 20;    // free on the store's disk: below, the log warns
inline constexpr auto kDiskLook = 10s;
inline constexpr std::size_t kDecodedKept = 256;           // records of one kind that a thread need not decode again
inline constexpr std::size_t kDecodedKeptBytes = 2'048;    // of the text of one
inline constexpr std::size_t kStreams = 256;               // pieces that wait for a thread
inline constexpr std::size_t kBackupBlockBytes = 2 << 20;  // of rows that share one checksum
inline constexpr std::size_t kBackupHeaderBytes = 64 << 10;
inline constexpr std::size_t kReadsAhead = 100;  // of one transaction: what is asked for before it is needed
inline constexpr std::size_t kRestoreTransactionBytes = 1 << 20;

// Requests.
inline constexpr std::size_t kBodyBytes = 1 << 20;
inline constexpr std::size_t kHeaderBytes = 16 << 10;
inline constexpr std::size_t kUrlBytes = 8 << 10;
inline constexpr std::size_t kHeaderCount = 100;
inline constexpr std::size_t kJsonDepth = 32;
inline constexpr std::size_t kIdempotencyKeyBytes = 255;
inline constexpr std::size_t kRequestIdBytes = 128;
inline constexpr std::size_t kConnections = 20'000;
inline constexpr std::size_t kConnectionsPerAddress = 10'000;
inline constexpr std::size_t kPipelinedRequests = 100;      // of one connection that are read ahead
inline constexpr std::size_t kChunkExtensionBytes = 4'096;  // of one body
inline constexpr auto kHandshakeTime = 10s;
inline constexpr auto kHeaderTime = 10s;
inline constexpr auto kBodyTime = 30s;
inline constexpr auto kIdleTime = 75s;
inline constexpr auto kDrainTime = 10s;
inline constexpr auto kRequestTime = 30s;
inline constexpr auto kSlowRequest = 500ms;  // from which on one is logged with where its time went
inline constexpr std::int64_t kSlowRequestMsMax = 600'000;
inline constexpr std::size_t kTraceStateBytes = 512;  // W3C Trace Context, section 3.3.1.5
inline constexpr auto kPreflightKept = 10min;         // by a browser
inline constexpr auto kHttpsOnlyTime = 365 * 24h;     // that a browser is told to use nothing but TLS

// Lists.
inline constexpr std::int64_t kPageItems = 500;
inline constexpr std::int64_t kPageItemsDefault = 50;
inline constexpr std::size_t kScanKeysPerPage = 10'000;
inline constexpr std::size_t kPageBytes = 4 << 20;  // of stored items; a page has one item at least

// The feed.
inline constexpr std::size_t kFeedKeptEvents = 256;      // the last ones of a project that is followed, shared by all
inline constexpr std::size_t kFeedKeptBytes = 1 << 20;   // of their text
inline constexpr std::size_t kFeedReadEvents = 256;      // of one look at what is new in a log
inline constexpr std::size_t kFeedPageEvents = 16;       // that one reader takes at once from history
inline constexpr std::size_t kFeedPageBytes = 16 << 10;  // of them; one event at least
inline constexpr std::size_t kFeedActions = 20;          // and paths, of one subscription
inline constexpr std::size_t kFeedMessageBytes = 256 << 10;
inline constexpr std::size_t kFeedIdBytes = 128;
inline constexpr std::size_t kFeedCommands = 8;         // of one connection that are under way or not yet answered
inline constexpr std::size_t kFeedPresent = 100;        // sessions shown to who begins to follow
inline constexpr std::size_t kFeedPresentLook = 1'000;  // of a project's newest that are looked at for it
inline constexpr auto kFeedTrust = 1s;                  // that a look at a credential stands for
inline constexpr auto kFeedTick = 1s;                   // between looks at a connection that is silent
inline constexpr auto kFeedCheck = 3s;                  // between looks at its credential
inline constexpr auto kFeedAuthTime = 5s;               // for the first message of who has shown no token
inline constexpr auto kFeedPing = 20s;                  // of silence until the peer is asked for a sign of life
inline constexpr auto kFeedSilence = 60s;               // without one until the connection ends
inline constexpr auto kFeedCloseTime = 2s;              // for the peer to answer a close
inline constexpr auto kFeedKeepAlive = 15s;             // between comments on a silent stream of server-sent events
inline constexpr int kFeedSendBytes = 64 << 10;         // that the system keeps for a reader that does not read

// Resources.
inline constexpr std::size_t kNameBytes = 200;
inline constexpr std::size_t kEmailBytes = 254;
inline constexpr std::size_t kPasswordBytesMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1'024;
inline constexpr std::size_t kSlugBytes = 64;
inline constexpr std::size_t kAliasBytes = 128;
inline constexpr std::size_t kEventTextBytes = 16 << 10;
inline constexpr std::size_t kEventDataBytes = 64 << 10;
inline constexpr std::size_t kEventPaths = 1'000;
inline constexpr std::size_t kTargetBytes = 4'096;
inline constexpr std::size_t kGlobBytes = 1'024;
inline constexpr std::size_t kGlobAlternatives = 64;
inline constexpr std::size_t kWideGlobs = 1'000;          // live in a project, without a literal first segment
inline constexpr std::size_t kOverlapSteps = 16'000'000;  // of automata that compare targets, in one transaction
inline constexpr std::size_t kOverlapRows = 100'000;      // of claims that a pattern may meet, read in one transaction
inline constexpr std::size_t kGlobsKept = 2'048;          // that a thread need not read again
inline constexpr std::size_t kGlobKeptBytes = 256;        // of the text of one
inline constexpr std::size_t kOwnersBytes = 1'000'000;    // of a project's CODEOWNERS
inline constexpr std::size_t kOwnerRules = 10'000;        // in it
inline constexpr std::size_t kOwnersPerRule = 100;
inline constexpr std::size_t kOwnerFindings = 100;      // told of one document
inline constexpr std::size_t kOwnerSteps = 1'000'000;   // of automata that look for owners, in one transaction
inline constexpr std::size_t kOwnerDocumentsKept = 16;  // that a thread need not read again
inline constexpr std::size_t kTargetsPerBatch = 1'000;
inline constexpr std::size_t kConflictsShown = 20;
inline constexpr std::size_t kReasonBytes = 1'000;
inline constexpr std::size_t kHandoffItems = 200;
inline constexpr std::size_t kHandoffItemBytes = 2'000;
inline constexpr std::size_t kSummaryBytes = 16 << 10;
inline constexpr std::size_t kClaimsPerSession = 10'000;
inline constexpr std::size_t kClaimsEndedAtOnce = 500;       // in one transaction
inline constexpr std::size_t kClaimsEndedBytes = 3 << 20;    // in one transaction: how large it is then
inline constexpr std::size_t kTickets = 1'000;               // that wait in a project
inline constexpr std::size_t kTicketsServedAtOnce = 16;      // in one transaction
inline constexpr std::size_t kServedBytes = 3 << 20;         // how large it may be when it serves another
inline constexpr std::size_t kReleaseRequests = 10;          // that a claim's holder has not answered
inline constexpr std::size_t kHeldRequests = 10'000;         // that wait on one server
inline constexpr std::size_t kHandoffClaimsBytes = 1 << 20;  // of the claims that one handoff moves, as JSON

// Inboxes.
inline constexpr std::size_t kMessageTextBytes = 8 << 10;
inline constexpr std::size_t kInboxMessages = 10'000;  // that sessions and users sent to one recipient, and are kept
inline constexpr std::size_t kInboxMessagesOfSender = 1'000;  // of those, by one session, or by one user without one
inline constexpr std::size_t kInboxRowsPerPage = 1'000;       // looked at for one page, each with several reads
inline constexpr std::size_t kNoticePathsBytes = 4 << 10;     // of the paths that a notice shows; one path at least
inline constexpr std::size_t kNoticeClaims = 100;             // that a notice names
inline constexpr std::int64_t kMessageTtlSecondsMin = 1;
inline constexpr std::int64_t kMessageTtlSecondsMax = 30 * std::int64_t{86'400};
inline constexpr std::int64_t kMessageTtlSecondsDefault = 7 * std::int64_t{86'400};

// Leases.
inline constexpr std::int64_t kClaimTtlSecondsMin = 1;
inline constexpr std::int64_t kClaimTtlSecondsMax = 86'400;
inline constexpr std::int64_t kClaimTtlSecondsDefault = 3'600;
inline constexpr std::int64_t kSessionTtlSecondsMin = 10;
inline constexpr std::int64_t kSessionTtlSecondsMax = 86'400;
inline constexpr std::int64_t kSessionTtlSecondsDefault = 3'600;
inline constexpr std::int64_t kWaitSecondsMax = 3'600;
inline constexpr auto kTicketLease = 30s;         // without a sign of life of the server that holds its request
inline constexpr auto kTicketRenewal = 10s;       // between two of them
inline constexpr auto kOfferTime = 5s;            // for that server to take what its ticket is offered
inline constexpr auto kTicketKept = 1h;           // after its end, to be looked at
inline constexpr auto kPriorityHeadStart = 5min;  // by which a priority is served as if it had come earlier
inline constexpr auto kExpiryGrace = 2s;
inline constexpr std::int64_t kExpiryGraceMsMax = 600'000;
inline constexpr auto kClockOff = 1s;             // from the median of the servers of a store
inline constexpr std::size_t kClockSamples = 10;  // of another server's clock
inline constexpr auto kServerSilent = 10s;        // after which another server counts no more
inline constexpr auto kServerKept = 10min;        // what a server that is gone has published
inline constexpr auto kClockStep = 1s;            // by which a wall clock may part from the monotonic one at once
inline constexpr auto kClockSettle = 60s;         // until a wall clock that was moved is trusted again
inline constexpr auto kIdempotencyKept = 24h;
inline constexpr std::size_t kRetentionEvents = 500;  // removed in one transaction
inline constexpr std::size_t kRetentionClaims = 200;  // looked at in one transaction
inline constexpr auto kRetentionPause = 60s;          // between looks at a project with nothing too old in it
inline constexpr auto kRetentionLook = 24h;           // the longest time between two looks
inline constexpr auto kReapRetry = 60s;               // until the reaper looks again at what it failed to do
inline constexpr std::size_t kDueBatch = 256;         // entries of one shard that the reaper takes at once

// Identity.
inline constexpr auto kAccessTokenTime = 15min;
inline constexpr auto kRefreshTokenTime = 30 * 24h;
inline constexpr std::int64_t kInviteSecondsMin = 60;
inline constexpr std::int64_t kInviteSecondsMax = 30 * std::int64_t{86'400};
inline constexpr std::int64_t kInviteSecondsDefault = 7 * std::int64_t{86'400};
inline constexpr std::int64_t kApiTokenSecondsMin = 1;
inline constexpr std::int64_t kApiTokenSecondsMax = 366 * std::int64_t{86'400};
inline constexpr std::size_t kApiTokensPerUser = 1'000;
inline constexpr std::size_t kInvitesPerTenant = 1'000;
inline constexpr std::size_t kBearerBytes = 4'096;
inline constexpr auto kSigningKeyTime = 90 * 24h;    // a key signs for so long before another takes its place
inline constexpr auto kSigningKeyPublished = 10min;  // before it signs, and for so long a JWKS answer may be cached
inline constexpr auto kSigningKeyReload = 60s;
inline constexpr auto kSigningKeyReloadUnknown = 1s;  // at most so often for tokens with an unknown `kid`
inline constexpr std::size_t kPasswordHashQueue = 256;
inline constexpr std::size_t kTokenCacheEntries = 50'000;
inline constexpr auto kTokenTenantKept = 15min;  // whose an opaque token is, for the turns in the commit queue

// Failed sign-ins: so many are free, each further one doubles a wait.
inline constexpr double kLoginFailuresPair = 5;      // of one address at one account
inline constexpr double kLoginFailuresAddress = 50;  // of one address at any account
inline constexpr double kLoginFailuresAccount = 20;  // of all addresses at one account
inline constexpr double kEmailTakenAnswers = 10;     // given to one address
inline constexpr auto kLoginDelay = 1s;
inline constexpr auto kLoginDelayMax = 60s;          // callers behind one proxy share an address: not longer
inline constexpr auto kLoginDelayCalm = 5s;          // the most that others' failures cost a calm address
inline constexpr auto kLoginFailureForgotten = 30s;  // one failure is forgiven in so long a time
inline constexpr std::size_t kThrottleEntries = 100'000;
inline constexpr std::size_t kThrottleKnownAddresses = 8;

// Rates, of each server for itself. A tenant, and an address, may do what a hundred callers may.
inline constexpr double kCallerRequestsPerSecond = 1'000;
inline constexpr double kTenantRequestsPerSecond = 100'000;
inline constexpr double kAddressRequestsPerSecond = 100'000;
inline constexpr double kBurstSeconds = 2;  // a burst is what may be done in so long a time
inline constexpr std::size_t kRateBuckets = 65'536;

// Quotas of a tenant, unless an operator sets others.
inline constexpr std::int64_t kTenantSessions = 100'000;
inline constexpr std::int64_t kTenantClaims = 10'000'000;
inline constexpr std::int64_t kTenantEventsPerMinute = 6'000'000;

// The command line.
inline constexpr auto kClientConnectTime = 3s;
inline constexpr auto kClientAnswerTime = 35s;
inline constexpr auto kClientRetryAfter = 5s;  ///< a longer `Retry-After` is not waited for
inline constexpr std::size_t kClientTries = 3;
inline constexpr std::size_t kClientAnswerBytes = 64 << 20;
inline constexpr std::size_t kClientListItems = 1'000;  ///< of a list that is asked for without a limit
inline constexpr std::size_t kSpoolBytes = 16 << 20;

// Guards, which stand between a user and a commit.
inline constexpr auto kGuardAnswerTime = 5s;                // until it goes on without an answer
inline constexpr std::size_t kGuardBatchBytes = 512 << 10;  // of names that are asked about in one request
inline constexpr std::size_t kGuardInputBytes = 64 << 20;   // of what an agent says about an edit
inline constexpr std::size_t kGuardHintsShown = 20;         // of renames

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

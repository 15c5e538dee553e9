# Run at every build: writes generated/build_info.inc when the commit has changed.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=* OUTPUT_VARIABLE commit
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
execute_process(COMMAND git -C ${SOURCE} log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd OUTPUT_VARIABLE time
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(failed OR NOT commit)
  set(commit unknown)
endif()
if(NOT time)
  set(time unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT "#define CODI_VERSION \"@VERSION@\"\n#define CODI_COMMIT \"@commit@\"\n#define CODI_BUILD_TIME \"@time@\"\n")

# What `make install` puts where; the Debian package is built from the same rules. FHS, and each shell's own folder.
include(GNUInstallDirs)
set(documents ${CMAKE_BINARY_DIR}/documents)
add_custom_command(OUTPUT ${documents}/codi.toml VERBATIM COMMENT "Writing manual pages and completion scripts"
  COMMAND ${CMAKE_COMMAND} -E env LLVM_PROFILE_FILE=/dev/null $<TARGET_FILE:codi> write-documents ${documents} DEPENDS codi)
add_custom_target(codi_documents ALL DEPENDS ${documents}/codi.toml)

install(TARGETS codi codi-log RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${documents}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${documents}/completions/codi DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${documents}/completions/_codi DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${documents}/completions/codi.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES README.md CHANGELOG.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${documents}/codi.toml deploy/codi-fdb.conf deploy/haproxy.cfg DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES deploy/codi.sysusers DESTINATION lib/sysusers.d RENAME codi.conf)

# The unit names the program where it was put, which is known when it is installed. Settings that are there are kept.
string(CONCAT at_install
  "set(BINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")\n"
  "configure_file(\"${CMAKE_SOURCE_DIR}/deploy/codi.service.in\" \"${CMAKE_BINARY_DIR}/codi.service\" @ONLY)\n"
  "file(INSTALL \"${CMAKE_BINARY_DIR}/codi.service\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\")\n"
  "set(settings \"\$ENV{DESTDIR}/etc/codi/codi.toml\")\n"
  "if(EXISTS \"\${settings}\")\n"
  "  message(STATUS \"Kept: \${settings}\")\n"
  "else()\n"
  "  file(INSTALL \"${documents}/codi.toml\" DESTINATION /etc/codi)\n"
  "endif()\n")
install(CODE "${at_install}")

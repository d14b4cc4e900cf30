# docs/functions.md must be what `flow functions --markdown` prints: -DFLOW=PROGRAM -DPAGE=FILE.
execute_process(COMMAND ${FLOW} functions --markdown OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
file(READ ${PAGE} page)
if(NOT printed STREQUAL page)
  message(FATAL_ERROR "${PAGE} is out of date; make it anew: ${FLOW} functions --markdown > ${PAGE}")
endif()

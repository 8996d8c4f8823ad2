# Misuse must not compile, and must say why. Each file of LAYER/refusals compiles as it stands and is
# refused, with the words of its first line, when STOCHFLOW_REFUSED is defined.
function(stochflow_refusals layer)
  set(includes $<TARGET_PROPERTY:${layer}_tests,INCLUDE_DIRECTORIES>)
  file(GLOB refusals CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${layer}/refusals/*.cpp)
  foreach(source ${refusals})
    get_filename_component(name ${source} NAME_WE)
    file(STRINGS ${source} first LIMIT_COUNT 1)
    string(REPLACE "// EXPECT: " "" words "${first}")
    set(compile ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only
                "-I$<JOIN:${includes},$<SEMICOLON>-I>" ${source})
    add_test(NAME Refusal.${name}.compiles COMMAND ${compile} COMMAND_EXPAND_LISTS)
    add_test(NAME Refusal.${name}.refused COMMAND ${compile} -DSTOCHFLOW_REFUSED COMMAND_EXPAND_LISTS)
    set_tests_properties(Refusal.${name}.refused PROPERTIES PASS_REGULAR_EXPRESSION "${words}")
  endforeach()
endfunction()

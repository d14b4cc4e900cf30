/* The words of libflow's SQL. */
%option reentrant noyywrap nounput noinput nodefault never-interactive case-insensitive batch
%option prefix="flow_sql_"

%top{
#include "sql/literal_syntax.hpp"
#include "sql/parse_session.hpp"
#include "sql/words.hpp"

#define YY_DECL flow::sql::grammar::symbol_type flow_sql_next(yyscan_t yyscanner, flow::sql::parse_session& session)
#define YY_USER_ACTION session.position = {session.position.end, session.position.end + static_cast<std::size_t>(yyleng)};
}

%{
using flow::sql::grammar;
#define PLACE session.position
#define WORD std::string(yytext, static_cast<std::size_t>(yyleng))
#define INSIDE(skip) std::string_view(yytext + (skip), static_cast<std::size_t>(yyleng) - 1 - (skip))
%}

DIGIT     [0-9]
LETTER    [A-Za-z_]|[\x80-\xff]
EXPONENT  E[+-]?{DIGIT}+
POINT     ({DIGIT}+"."{DIGIT}*|"."{DIGIT}+)

%%

[ \t\r\n\f]+                              ;
"--"[^\n]*                                ;
"/*"([^*]|"*"+[^*/])*"*"+"/"              ;

{LETTER}({LETTER}|{DIGIT})*               return flow::sql::make_word(WORD, PLACE);
"`"([^`]|"``")*"`"                        return grammar::make_QUOTED_NAME(flow::sql::unquote(INSIDE(1)), PLACE);

'([^'\\]|\\(.|\n)|'')*'                   return grammar::make_STRING(flow::sql::unescape(INSIDE(1), '\''), PLACE);
\"([^"\\]|\\(.|\n)|\"\")*\"               return grammar::make_STRING(flow::sql::unescape(INSIDE(1), '"'), PLACE);
r'[^']*'                                  return grammar::make_STRING(std::string(INSIDE(2)), PLACE);
r\"[^"]*\"                                return grammar::make_STRING(std::string(INSIDE(2)), PLACE);
x'[^']*'                                  return grammar::make_BINARY(std::string(INSIDE(2)), PLACE);
x\"[^"]*\"                                return grammar::make_BINARY(std::string(INSIDE(2)), PLACE);

{DIGIT}+[LSY]?                            return grammar::make_INTEGER(WORD, PLACE);
{POINT}                                   return grammar::make_DECIMAL(WORD, PLACE);
({DIGIT}+|{POINT}){EXPONENT}?BD           return grammar::make_DECIMAL(WORD, PLACE);
({DIGIT}+|{POINT}){EXPONENT}[DF]?         return grammar::make_REAL(WORD, PLACE);
({DIGIT}+|{POINT})[DF]                    return grammar::make_REAL(WORD, PLACE);

","                                       return grammar::make_COMMA(PLACE);
"."                                       return grammar::make_DOT(PLACE);
"("                                       return grammar::make_OPEN(PLACE);
")"                                       return grammar::make_CLOSE(PLACE);
"["                                       return grammar::make_OPEN_BRACKET(PLACE);
"]"                                       return grammar::make_CLOSE_BRACKET(PLACE);
"->"                                      return grammar::make_ARROW(PLACE);
"::"                                      return grammar::make_DOUBLE_COLON(PLACE);
":"                                       return grammar::make_COLON(PLACE);
";"                                       return grammar::make_SEMICOLON(PLACE);
"="|"=="                                  return grammar::make_EQUAL(PLACE);
"<=>"                                     return grammar::make_NULL_SAFE_EQUAL(PLACE);
"<>"|"!="                                 return grammar::make_NOT_EQUAL(PLACE);
"<"                                       return grammar::make_LESS(PLACE);
"<="                                      return grammar::make_LESS_EQUAL(PLACE);
">"                                       return grammar::make_GREATER(PLACE);
">="                                      return grammar::make_GREATER_EQUAL(PLACE);
"<<"                                      return grammar::make_SHIFT_LEFT(PLACE);
">>"                                      {
  // ARRAY<ARRAY<INT>> ends two types.
  if (!session.inside_type()) return grammar::make_SHIFT_RIGHT(PLACE);
  yyless(1);
  session.position.end = session.position.begin + 1;
  return grammar::make_GREATER(PLACE);
}
">>>"                                     {
  if (!session.inside_type()) return grammar::make_SHIFT_RIGHT_UNSIGNED(PLACE);
  yyless(1);
  session.position.end = session.position.begin + 1;
  return grammar::make_GREATER(PLACE);
}
"+"                                       return grammar::make_PLUS(PLACE);
"-"                                       return grammar::make_MINUS(PLACE);
"*"                                       return grammar::make_STAR(PLACE);
"/"                                       return grammar::make_SLASH(PLACE);
"%"                                       return grammar::make_PERCENT(PLACE);
"~"                                       return grammar::make_TILDE(PLACE);
"&"                                       return grammar::make_AMPERSAND(PLACE);
"|"                                       return grammar::make_PIPE(PLACE);
"^"                                       return grammar::make_CARET(PLACE);
"||"                                      return grammar::make_CONCAT(PLACE);
"!"                                       return grammar::make_NOT(WORD, PLACE);

['"`]                                     session.refuse(PLACE, "this quote is never closed");
"/*"                                      session.refuse(PLACE, "this comment is never closed");
.|\n                                      session.refuse(PLACE, "unexpected character '" + WORD + "'");
<<EOF>>                                   return grammar::make_END_OF_TEXT({PLACE.end, PLACE.end});

%%

namespace flow::sql {

void* open_scanner(std::string_view text) {
  yyscan_t scanner = nullptr;
  flow_sql_lex_init(&scanner);
  flow_sql__scan_bytes(text.data(), static_cast<int>(text.size()), scanner);
  return scanner;
}

grammar::symbol_type scan(void* scanner, parse_session& session) { return flow_sql_next(scanner, session); }

void close_scanner(void* scanner) { flow_sql_lex_destroy(scanner); }

}  // namespace flow::sql

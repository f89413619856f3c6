/** Code that fetches a token as people write it without the packages of others, and prints it: the requests of rstudioapi and posit-sdk. */
export const TOKEN_CODE = {
  r: (uid: string): string =>
    [
      'cookie <- readLines(file.path(Sys.getenv("PWB_SESSION_RUNTIME_DIR"), "rpc_cookie"))',
      `h <- curl::new_handle(copypostfields = '{"kwparams":{"uuid":"${uid}"},"method":"oauth_token"}', cainfo = Sys.getenv("CURL_CA_BUNDLE"))`,
      'h <- curl::handle_setheaders(h, "Content-Type" = "application/json", "X-RS-Session-Server-RPC-Cookie" = cookie)',
      'r <- curl::curl_fetch_memory(paste0(Sys.getenv("RS_SERVER_ADDRESS"), "/oauth_token"), h)',
      'cat("<", jsonlite::fromJSON(rawToChar(r$content))$access_token, ">\\n", sep = "")',
    ].join('\n'),
  python: (uid: string): string =>
    [
      'import os, pathlib, requests',
      'cookie = pathlib.Path(os.environ["PWB_SESSION_RUNTIME_DIR"], "rpc_cookie").read_text().strip()',
      `asked = {"method": "/oauth_token", "kwparams": {"uuid": "${uid}"}}`,
      'r = requests.get(os.environ["RS_SERVER_ADDRESS"] + "/oauth_token", json=asked, headers={"X-RS-Session-Server-RPC-Cookie": cookie})',
      'print("<" + r.json()["access_token"] + ">")',
    ].join('\n'),
} as const

/** What a person does in the shell of a session, in one line: prints `<commands-work>` when `run`, `sign-in` and `doctor` do. */
export const SHELL_COMMANDS = [
  `benchkey run T=demo F=@demo -- sh -c 'test "$T" = "$(cat "$F")"'`,
  'benchkey sign-in demo --no-browser 2>&1 | grep -q "signed in to Demo API .*already"',
  'benchkey doctor >/dev/null 2>&1',
  "printf '<%s-work>' commands",
].join(' && ')

/** What SHELL_COMMANDS print when all of them did what they should. */
export const COMMANDS_WORK = '<commands-work>'

/** The token in what such code printed. */
export function printedToken(output: string): string | undefined {
  return /<([\w-]{20,})>/.exec(output)?.[1]
}

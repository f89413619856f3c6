# Uploads a file to Box. Usage: Rscript upload.R FILE [FOLDER_ID]

BOX <- "4d76d0c2-ff2d-5e85-8e3a-cdcab07651e1" # from: benchkey integrations
UPLOAD <- Sys.getenv("BOX_UPLOAD", "https://upload.box.com/api/2.0")

# R's own curl does not know CURL_CA_BUNDLE, so it is told where the certificates are.
new_handle <- function(...) {
  handle <- curl::new_handle(...)
  bundle <- Sys.getenv("CURL_CA_BUNDLE")
  if (nzchar(bundle)) curl::handle_setopt(handle, cainfo = bundle)
  handle
}

# A token that lives min_ttl more seconds: Benchkey renews it first when less is left.
access_token <- function(integration, min_ttl) {
  request <- sprintf('{"kwparams":{"uuid":"%s","min_ttl":%d},"method":"oauth_token"}', integration, min_ttl)
  handle <- new_handle(copypostfields = request)
  cookie <- readLines(file.path(Sys.getenv("PWB_SESSION_RUNTIME_DIR"), "rpc_cookie"))
  curl::handle_setheaders(handle, "Content-Type" = "application/json", "X-RS-Session-Server-RPC-Cookie" = cookie)
  reply <- curl::curl_fetch_memory(paste0(Sys.getenv("RS_SERVER_ADDRESS"), "/oauth_token"), handle)
  text <- rawToChar(reply$content)
  if (reply$status_code != 200) stop(text, call. = FALSE)
  answer <- jsonlite::fromJSON(text)
  if (!is.null(answer$error)) stop(answer$error, call. = FALSE)
  answer$access_token
}

arguments <- commandArgs(trailingOnly = TRUE)
file <- arguments[[1]]
folder <- if (length(arguments) > 1) arguments[[2]] else "0"
attributes <- list(name = basename(file), parent = list(id = folder))
handle <- new_handle(failonerror = TRUE)
curl::handle_setform(
  handle,
  attributes = as.character(jsonlite::toJSON(attributes, auto_unbox = TRUE)),
  file = curl::form_file(file)
)
curl::handle_setheaders(handle, Authorization = paste("Bearer", access_token(BOX, min_ttl = 1800L)))
invisible(curl::curl_fetch_memory(paste0(UPLOAD, "/files/content"), handle))
cat("uploaded ", basename(file), "\n", sep = "")

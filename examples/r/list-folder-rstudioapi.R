# Lists a folder of Box with rstudioapi from CRAN (0.19). Usage: Rscript list-folder-rstudioapi.R [FOLDER_ID]
# not run: needs the package rstudioapi, which the tests do not install; its request is run in list-folder.R

BOX <- "4d76d0c2-ff2d-5e85-8e3a-cdcab07651e1" # from: benchkey integrations
API <- Sys.getenv("BOX_API", "https://api.box.com/2.0")

arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments) > 0) arguments[[1]] else "0"
token <- rstudioapi::getOAuthCredentials(BOX)$access_token
handle <- curl::new_handle(failonerror = TRUE)
curl::handle_setheaders(handle, Authorization = paste("Bearer", token))
url <- paste0(API, "/folders/", folder, "/items?fields=type,name,size")
page <- jsonlite::fromJSON(rawToChar(curl::curl_fetch_memory(url, handle)$content))
cat(paste(page$entries$type, page$entries$name, page$entries$size), sep = "\n")

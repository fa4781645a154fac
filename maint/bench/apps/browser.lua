-- What a browser sends, with a header that is new in each request: no two field sections are alike.
local fields = {
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  ["Accept-Language"] = "en-GB,en;q=0.9,de;q=0.8",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Cache-Control"] = "no-cache",
  ["Cookie"] = "session=0123456789abcdef0123456789abcdef; theme=dark; _ga=GA1.1.1234567890.1234567890",
  ["Sec-Fetch-Dest"] = "document",
  ["Sec-Fetch-Mode"] = "navigate",
  ["Sec-Fetch-Site"] = "same-origin",
  ["Upgrade-Insecure-Requests"] = "1",
}
local count = 0
request = function()
  count = count + 1
  fields["Referer"] = "http://127.0.0.1/page/" .. count
  return wrk.format("GET", nil, fields)
end

# Signs the requests of a folder with the gem oauth: see languages/__init__.py.
require "oauth"
require "oauth/request_proxy/net_http"

folder = ARGV[0]
first, *rows = File.readlines("#{folder}/cases.tsv", chomp: true)
consumer_key, consumer_secret, token_key, token_secret = first.split("\t")
version = Gem.loaded_specs["oauth"] ? Gem.loaded_specs["oauth"].version : OAuth::VERSION

def microseconds
  Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :float_microsecond)
end

puts "version\toauth #{version}, Ruby #{RUBY_VERSION}"
rows.each do |row|
  name, method, url, calls, signature = row.split("\t")
  calls = calls.to_i
  uri = URI(url)
  http = Net::HTTP.new(uri.host, uri.port)
  http.use_ssl = true
  options = { signature_method: signature.sub("RSA-SHA256", "RSA-SHA1") }
  options[:private_key] = OpenSSL::PKey::RSA.new(File.read("#{folder}/rsa.pem")) if signature.start_with?("RSA")
  consumer = OAuth::Consumer.new(consumer_key, consumer_secret, options)
  token = OAuth::Token.new(token_key, token_secret)
  form = File.exist?("#{folder}/#{name}.form") ? File.read("#{folder}/#{name}.form") : nil
  prepare = lambda do
    request = Net::HTTP.const_get(method.capitalize).new(uri.request_uri)
    request.set_content_type("application/x-www-form-urlencoded") if form
    request.body = form if form
    request
  end
  sign = lambda do |request|
    request.oauth!(http, consumer, token, options)
    request["Authorization"]
  end
  header = sign.call(prepare.call)
  best = Array.new(2) do
    requests = Array.new(calls) { prepare.call }
    start = microseconds
    requests.each(&sign)
    (microseconds - start) / calls
  end.min
  puts format("%s\t%.3f\t%s", name, best, header)
end

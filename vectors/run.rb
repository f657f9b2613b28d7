# Sign the vectors with Ruby's OAuth 1.0a library, and say what it gets wrong: ruby vectors/run.rb
#
# Run is the gem oauth, if it is installed. A wrong signature that one of the faults makes of the same request is called
# by its cause. See run.py.

require "json"
require "uri"

VECTORS = JSON.parse(File.read(File.join(__dir__, "oauth1.json"), encoding: "UTF-8"))
SAME = %w[method url headers body body_base64 oauth consumer_secret token_secret].freeze

class NotAsked < StandardError; end

def read_cases
  found = {}
  (VECTORS["requests"] + VECTORS["faults"]).each do |row|
    next if row["signature"].nil?

    one = found[row.values_at(*SAME)] ||= { row: row, wrongs: {} }
    one[:wrongs][row["wrong"]["signature"]] ||= row if row["wrong"]
  end
  found.values
end

# The fields of a query or a form, with a list of values for each name.
def read_fields(text)
  URI.decode_www_form(text.to_s).each_with_object({}) { |(name, value), all| (all[name] ||= []) << value }
end

def form?(row)
  row["headers"]["Content-Type"].to_s.downcase.start_with?("application/x-www-form-urlencoded")
end

def sign_with_oauth(row)
  method = row["oauth"]["oauth_signature_method"]
  raise NotAsked, "it has no #{method}" unless OAuth::Signature.available_methods.key?(method.downcase)

  url, _, query = row["url"].partition("?")
  parameters = read_fields(query)
  read_fields(row["body"]).each { |name, values| (parameters[name] ||= []).concat(values) } if form?(row)
  request = OAuth::RequestProxy.proxy(
    { "method" => row["method"], "uri" => url, "parameters" => parameters.merge(row["oauth"]) }
  )
  secret = row["consumer_secret"]
  secret = OpenSSL::PKey::RSA.new(VECTORS["rsa_keys"][row["rsa_key"]]["private"].join("\n")) if row["rsa_key"]
  OAuth::Signature.sign(request, consumer_secret: secret, token_secret: row["token_secret"])
end

def judge(row, wrongs)
  made = sign_with_oauth(row)
  return ["right", ""] if made == row["signature"]

  fault = wrongs[made]
  ["wrong", fault ? "#{fault["causes"].join(" or ")}, as in '#{fault["name"]}'" : "another signature"]
rescue NotAsked => e
  ["not asked", e.message]
rescue StandardError => e
  ["wrong", "raises #{e.class}: #{e.message.split.join(" ")[0, 80]}"]
end

cases = read_cases
puts "Ruby #{RUBY_VERSION}, #{cases.length} requests"
begin
  require "oauth"
  require "oauth/request_proxy/mock_request"
  require "oauth/signature/hmac/sha1"
  require "oauth/signature/rsa/sha1"
  require "oauth/signature/plaintext"
rescue LoadError
  exit # it is not installed
end
results = cases.map { |one| [one[:row]["name"], *judge(one[:row], one[:wrongs])] }
counts = ["right", "wrong", "not asked"].map { |kind| "#{results.count { |_, result, _| result == kind }} #{kind}" }
version = defined?(OAuth::Version::VERSION) ? OAuth::Version::VERSION : OAuth::VERSION
puts "oauth #{version}: #{counts.join(", ")}"
results.each { |name, result, why| puts "    #{result}: #{name}: #{why}" unless result == "right" }

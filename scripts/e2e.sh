#!/usr/bin/env bash
# Walks over the nine seed endpoints of a running node with curl and checks each answer.
#   scripts/e2e.sh [URL]        default http://127.0.0.1:18789; HOLDFAST_API_KEY where keys are set
# Needs bash, curl and node (for the agents and for reading JSON). Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."

url=${1:-http://127.0.0.1:18789}
run=e2e-$$-$RANDOM
passed=0
auth=()
[ -n "${HOLDFAST_API_KEY:-}" ] && auth=(-H "Authorization: Bearer $HOLDFAST_API_KEY")

# request METHOD PATH [BODY]: sets $status and $body
request() {
  local answer
  answer=$(curl -sS --max-time 60 -X "$1" "$url$2" ${auth[@]+"${auth[@]}"} ${3:+-H 'Content-Type: application/json' -d "$3"} -w '\n%{http_code}')
  status=${answer##*$'\n'}
  body=${answer%$'\n'*}
}

# holds EXPRESSION: a JavaScript condition on `body` (parsed JSON), `text` and `status`
holds() {
  STATUS=$status BODY=$body node -e '
    const status = Number(process.env.STATUS), text = process.env.BODY;
    let body; try { body = JSON.parse(text) } catch { body = undefined }
    if (!('"$1"')) process.exit(1)'
}

# check WHAT EXPRESSION
check() {
  if holds "$2"; then
    passed=$((passed + 1)); echo "ok    $1"
  else
    echo "$body" >&2
    echo "FAIL  $1 (HTTP $status): $2"; exit 1
  fi
}

# check_soon WHAT PATH EXPRESSION: asks again for up to 5 s (from other processes health figures come within 2 s)
check_soon() {
  for _ in {1..20}; do
    request GET "$2"
    if holds "$3"; then break; fi
    sleep 0.25
  done
  check "$1" "$3"
}

exec 3< <(exec node scripts/sample-agents.js)
agents=$!
trap 'kill $agents 2>/dev/null' EXIT
read -r healthy _flaky down <&3

request POST /api/vps/register "{\"name\":\"$run-good\",\"host\":\"127.0.0.1\",\"port\":$healthy,\"auth_token\":\"e2e-token\"}"
check 'register' 'status === 201 && body.status === "registered" && body.url.startsWith("http://127.0.0.1:")'
request POST /api/vps/register "{\"name\":\"$run-down\",\"host\":\"127.0.0.1\",\"port\":$down,\"max_retries\":0,\"fallback_agents\":[\"$run-good\"]}"
check 'register with a fallback' 'status === 201'
request POST /api/vps/register "{\"name\":\"$run-bad\",\"host\":\"169.254.169.254\",\"port\":80}"
check 'a metadata address is refused' 'status === 422 && body.error_type === "address_refused"'

request GET /api/vps/agents
check 'agents' "status === 200 && body.total >= 2 && body.agents.some((one) => one.name === '$run-good') && !text.includes('e2e-token')"

request POST /api/vps/call "{\"agent_name\":\"$run-good\",\"prompt\":\"hello\",\"session_id\":\"$run\",\"user_id\":\"e2e\"}"
check 'call' "status === 200 && body.success === true && body.agent_name === '$run-good' && body.response.length > 0 && body.error === null && body.retry_count === 0 && body.call_id"
request POST /api/vps/call "{\"agent_name\":\"$run-down\",\"prompt\":\"hello again\",\"session_id\":\"$run\"}"
check 'call that fails over' "status === 200 && body.success && body.agent_name === '$run-good' && body.retried === true && body.retry_count === 1 && body.fallback_chain.join() === '$run-down,$run-good' && body.attempts[0].error_type === 'connection'"
request POST /api/vps/call "{\"agent_name\":\"$run-nobody\",\"prompt\":\"hello\"}"
check 'call of an unknown agent' "status === 404 && body.success === false && body.error === \"Agent '$run-nobody' not registered\""
request POST /api/vps/call "{\"agent_name\":\"$run-good\",\"prompt\":\"x\",\"colour\":\"red\"}"
check 'an unknown field is named' 'status === 422 && body.errors[0].field === "colour"'

request GET "/api/vps/sessions/$run"
check 'session' 'status === 200 && body.user_id === "e2e" && body.messages.map((one) => one.role).join() === "user,assistant,user,assistant" && body.messages[3].agent.endsWith("-good")'

check_soon 'health of one agent' "/api/vps/health/$run-down" 'status === 200 && body.status === "unreachable" && body.total_failures === 1 && body.consecutive_failures === 1'
check_soon 'health' /api/vps/health 'status === 200 && body.total_agents >= 2 && body.unreachable_agents >= 1 && body.total_requests >= 3 && body.error_rate > 0'
check_soon 'status' /api/vps/status 'status === 200 && body.status === "operational" && body.agents >= 2 && typeof body.sessions === "number"'

request DELETE "/api/vps/sessions/$run"
check 'delete a session' 'status === 204'
request GET "/api/vps/sessions/$run"
check 'a deleted session is gone' 'status === 404 && body.error_type === "session_not_found"'
request POST '/api/vps/sessions/cleanup?max_age_hours=1000000'
check 'cleanup' 'status === 200 && body.cleaned_up === 0 && typeof body.remaining_sessions === "number"'

for name in good down; do
  request DELETE "/api/vps/agents/$run-$name"
  check "remove the agent $name" 'status === 204'
done
echo "$passed passed, 0 failed"

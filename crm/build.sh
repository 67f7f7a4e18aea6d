#!/usr/bin/env bash
# Builds the CRM: app/target/crm-runner.jar and app/target/crm.jsa, its class data archive. Does nothing when neither the
# sources nor the JDK have changed. Needs a JDK 17 or later, Maven 3.8 or later and, the first time, Maven Central.
set -euo pipefail

app=$(cd "$(dirname "${BASH_SOURCE[0]}")/app" && pwd)
cd "$app"
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
for tool in "$java" mvn; do
    command -v "$tool" >/dev/null || { echo "crm/build.sh needs $tool: install a JDK 17 and Maven, for example apt-get install openjdk-17-jdk-headless maven." >&2; exit 2; }
done

mkdir -p target
exec 9>target/.lock
flock 9 # two builds at once would write the same jar

key=$({ "$java" -version 2>&1; cat ../build.sh run pom.xml; find src -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum)
if [ "$(cat target/.built 2>/dev/null)" = "$key" ] && [ -s target/crm-runner.jar ] && [ -s target/crm.jsa ]; then
    echo "crm: up to date"
    exit 0
fi
rm -f target/.built target/crm.jsa

echo "crm: building the jar"
nice mvn --batch-mode --no-transfer-progress --quiet -DskipTests package

# The archive holds the classes that a start and a first request load. The training run has no database: it keeps asking
# for one (port 1 refuses) while it answers over HTTP, which loads all but a few of them.
echo "crm: making the class data archive"
log=target/training.log
env POD_NAME=training QUARKUS_HTTP_HOST=127.0.0.1 QUARKUS_HTTP_PORT=0 CRM_ROLE=queries CRM_TERRITORY=DE \
    CRM_DB_URL=jdbc:postgresql://127.0.0.1:1/none CRM_DB_USER=none CRM_DB_PASSWORD=none QUARKUS_SHUTDOWN_DELAY=0S \
    nice "$java" -XX:ArchiveClassesAtExit="$app/target/crm.jsa" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m \
    -Xlog:cds=off -Xlog:cds+dynamic=off -jar "$app/target/crm-runner.jar" >"$log" 2>&1 9>&- &
pid=$!
trap 'kill "$pid" 2>/dev/null || true' EXIT

port=
for _ in $(seq 600); do
    port=$(sed -n 's|.*Listening on: http://127.0.0.1:\([0-9]*\).*|\1|p' "$log")
    [ -n "$port" ] && break
    kill -0 "$pid" 2>/dev/null || { echo "crm: the training run ended early, see $app/$log" >&2; exit 1; }
    sleep 0.1
done
[ -n "$port" ] || { echo "crm: the training run did not listen within 60 s, see $app/$log" >&2; exit 1; }

ask() { # METHOD PATH [BODY]
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf '%s %s HTTP/1.1\r\nHost: crm\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
        "$1" "$2" "${#3}" "$3" >&3
    cat <&3 >/dev/null
    exec 3>&-
}
for path in /q/health/live /q/health/ready /q/metrics /customers/ids /customers/1 '/customers?city=Wien' /orders/1 /ledger; do
    ask GET "$path" ''
done
ask POST /samples '{"customerId":1,"sku":"GJ-OEL-10"}'

kill "$pid"
wait "$pid" || true # 143: ended by our signal
trap - EXIT
[ -s target/crm.jsa ] || { echo "crm: the training run wrote no archive, see $app/$log" >&2; exit 1; }
echo "$key" >target/.built
echo "crm: built app/target/crm-runner.jar"

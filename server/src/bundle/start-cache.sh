# Sourced by the launchers of a checkout and of a bundle, with START_CACHE set to a file: an archive of loaded classes and
# lambdas (class data sharing, JEP 310). Without it everything works, starting takes longer. Not an AOT cache (JEP 483, 514): as
# long as the Vector API is an incubator module those hold neither linked classes nor lambdas, and a start takes a tenth longer.

# Sum of the start-up cache beside it. The JVM believes what the cache says: with a flipped bit every start would crash.
cache_sum() { cksum <"$1"; }

cache_is_whole() {
  [ -f "$START_CACHE" ] && [ -f "$START_CACHE.sum" ] && [ "$(cache_sum "$START_CACHE")" = "$(cat "$START_CACHE.sum")" ]
}

# make_start_cache LIMBIC_HOME LOG JAVA...: makes it by a run that serves a request per model, and again when it is damaged.
# JAVA... is the JVM with its options and class path.
make_start_cache() {
  local home="$1" log="$2" java="$3" draft="$START_CACHE.$$" classes="$START_CACHE.$$.classes"
  shift 3
  if cache_is_whole || [ ! -w "$(dirname "$START_CACHE")" ] || [ ! -w "$(dirname "$log")" ]; then return; fi
  case "$START_CACHE" in *:*) return ;; esac # the JVM would take it for the names of two
  if [ -f "$START_CACHE" ]; then echo "The start-up cache is damaged: making it again" >&2; fi
  echo "Preparing a fast start" >&2
  # The user's settings stay out: a mistake in them must not cost every later start.
  if ! (
    for variable in "${!LIMBIC_@}"; do unset "$variable"; done
    export LIMBIC_HOME="$home"
    "$java" "-XX:DumpLoadedClassList=$classes" "$@" dev.limbic.server.Main serve --check --log-level error &&
      "$java" -Xshare:dump "-XX:SharedClassListFile=$classes" "-XX:SharedArchiveFile=$draft" "$@"
  ) >"$log" 2>&1 || [ ! -f "$draft" ]; then
    : >"$draft" # do not try again until the next build
  fi
  rm -f "$classes"
  mv "$draft" "$START_CACHE"
  cache_sum "$START_CACHE" >"$START_CACHE.sum"
}

# Options, one a line, for a JVM that shall use it.
start_cache_options() {
  if cache_is_whole; then
    if [ -s "$START_CACHE" ]; then printf '%s\n' "-XX:SharedArchiveFile=$START_CACHE" -Xlog:aot=off -Xlog:cds=off; fi
  elif [ -f "$START_CACHE" ]; then
    echo "The start-up cache is damaged and left aside; ./limbic serve makes it again where it may write" >&2
  fi
}

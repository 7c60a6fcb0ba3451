wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"check":"disk","host":"db-01","value":93.5,"limit":90}'

import Scripting

/// What an inbound integration of the usual kind does: some forty lines from a monitoring tool's JSON to an alert.
enum SampleScript {
    struct WentWrong: Error {
        let outcome: String
    }

    static let answer = ScriptHTTPAnswer(statusCode: 202, body: #"{"id":"4711"}"#)

    static func check(_ outcome: ScriptOutcome) throws {
        guard outcome.error == nil, outcome.log.hasSuffix("alert 4711") else {
            throw WentWrong(outcome: "\(outcome)")
        }
    }

    static let body = """
        {"version":"4","groupKey":"{}:{alertname=\\"DiskFull\\"}","status":"firing","receiver":"tocsin",\
        "groupLabels":{"alertname":"DiskFull"},"externalURL":"http://alerts.example.com:9093","alerts":[\
        {"status":"firing","labels":{"alertname":"DiskFull","instance":"db-01:9100","severity":"critical",\
        "team":"dba"},"annotations":{"summary":"Disk usage over 90% on db-01"},"startsAt":"2026-03-04T05:06:07Z"},\
        {"status":"resolved","labels":{"alertname":"DiskFull","instance":"db-02:9100","severity":"warning",\
        "team":"dba"},"annotations":{"summary":"Disk usage over 80% on db-02"},"startsAt":"2026-03-04T05:01:00Z"}]}
        """

    static let source = #"""
        var data = JSON.parse(request.body);
        var severities = { critical: 1, warning: 2, info: 3 };

        function firing(alerts) {
            return alerts.filter(function (alert) {
                return alert.status === 'firing';
            });
        }

        function hostOf(alert) {
            return (alert.labels.instance || 'unknown').split(':')[0];
        }

        function worst(alerts) {
            return alerts.reduce(function (worst, alert) {
                var severity = severities[alert.labels.severity] || 4;
                return severity < worst ? severity : worst;
            }, 4);
        }

        var open = firing(data.alerts);
        if (open.length === 0) {
            console.log('nothing is firing');
            return;
        }

        var hosts = open.map(hostOf);
        trigger.properties = {
            'Alert Name': data.groupLabels.alertname,
            'Hosts': hosts,
            'Summary': open[0].annotations.summary.replace(/\s+/g, ' ').trim(),
            'Started': new Date(open[0].startsAt).toISOString(),
            'Severity': String(worst(open)),
            'Link': data.externalURL + '/#/alerts?filter=' + encodeURIComponent('{alertname="' + data.groupLabels.alertname + '"}')
        };
        trigger.priority = worst(open) === 1 ? 'HIGH' : 'MEDIUM';
        trigger.recipients = [{ id: constants.TEAM, recipientType: 'GROUP' }];
        var response = form.post(trigger);
        if (response.statusCode !== 202) throw response;
        console.log('alert ' + response.body.id);
        """#
}

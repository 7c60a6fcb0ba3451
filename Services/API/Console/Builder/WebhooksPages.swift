import AlertCore
import Hummingbird
import Persistence

extension ConsoleRoutes {
    func addWebhooks(to router: Router<Context>) {}
}

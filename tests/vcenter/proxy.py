"""A TLS proxy in front of a SOAP server that does what a network, or a badly set up vCenter, does."""
import http.client
import http.server
import os
import re
import ssl
import threading
import time

FAULT = """<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode>
<faultstring>%s</faultstring><detail><NoPermissionFault xmlns="urn:vim25" xsi:type="%s"><object type="Folder">group-d1</object>
<privilegeId>%s</privilegeId></NoPermissionFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"""


class Proxy:
    def __init__(self, port, to, certificate, key, address="127.0.0.1"):
        self.to, self.address = to, address	# port of the server, and where both are
        self.methods = set()
        self.calls = []
        self.answered = []
        self.away = False		# ends every connection without an answer, as a server that is not there
        self.faults = {}		# method -> (name, words, privilege)
        self.delays = {}		# method -> seconds before it reaches the server, whoever still waits for it
        self.deaf = {}			# method -> how many answers are lost
        self.garbled = {}		# method -> how many answers are no record of TLS
        self.inherited = b""		# options (extraConfig) that every clone has of its template: the simulator copies none
        self.cloning = 0		# seconds a clone takes: its virtual machine is there, and has no configuration yet
        self.forming = 0		# until then (time.monotonic) one does
        self.formed = set()		# virtual machines that were seen whole
        self.running = 0		# how many looks at a task that is over see it run
        self.drip = False		# a byte a second
        self.forget = 0			# how many requests lose their session
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                proxy.serve(self)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer((address, port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *args: None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        method = re.search(rb"Body><(\w+)", body).group(1).decode()
        self.methods.add(method)
        self.calls.append(method)
        if method in self.faults:
            name, words, privilege = self.faults[method]
            return self.answer(handler, 500, {}, (FAULT % (words, name, privilege)).encode())
        if self.delays.get(method):
            time.sleep(self.delays[method])
        if self.away:
            handler.close_connection = True
            return
        if method == "CloneVM_Task":
            body = body.replace(b"</instanceUuid>", b"</instanceUuid>" + self.inherited)
        headers = {k: v for k, v in handler.headers.items() if k.lower() in ("content-type", "soapaction", "cookie")}
        if self.forget > 0 and "Cookie" in headers:
            self.forget -= 1
            headers["Cookie"] = 'vmware_soap_session="nobody"'
        try:
            c = http.client.HTTPSConnection(self.address, self.to, timeout=90, context=ssl._create_unverified_context())
            c.request("POST", handler.path, body, headers)
            r = c.getresponse()
            data = r.read()
        except OSError:
            handler.close_connection = True
            return
        finally:
            c.close()
        if method == "CloneVM_Task":
            self.forming = time.monotonic() + self.cloning
        if self.deaf.get(method, 0) > 0:
            self.deaf[method] -= 1
            handler.close_connection = True
            return
        if self.garbled.get(method, 0) > 0:
            self.garbled[method] -= 1
            handler.close_connection = True
            os.write(handler.connection.fileno(), b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        data = self.unformed(method, body, data)
        if self.running > 0 and method == "RetrievePropertiesEx" and b"info.state" in body:
            self.running -= 1
            data = data.replace(b">success<", b">running<")
        self.answered.append(method)
        self.answer(handler, r.status, {"Set-Cookie": r.getheader("Set-Cookie")}, data)

    def unformed(self, method, body, data):
        """What the answer is while a virtual machine is being cloned."""
        left = self.forming - time.monotonic()
        vm = re.search(rb'<obj type="VirtualMachine">([^<]*)<', body) or (method == "FindByUuid" and re.search(rb"<returnval[^>]*>([^<]*)<", data))
        if left <= 0 or (vm and vm.group(1) in self.formed):
            self.formed |= {vm.group(1)} if vm else set()
        elif vm:
            data = re.sub(rb"<propSet><name>config[.].*?</propSet>" if method == "RetrievePropertiesEx" else rb"<returnval[ >].*?</returnval>", b"", data,
                          flags=re.DOTALL)
        elif b"info.state" in body:
            data = data.replace(b">success<", b">running<")
        elif method == "WaitForUpdatesEx":
            time.sleep(left)
        return data

    def answer(self, handler, status, headers, data):
        handler.send_response(status)
        handler.send_header("Content-Type", "text/xml; charset=utf-8")
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        if not self.drip:
            handler.wfile.write(data)
            return
        for i in range(len(data)):
            handler.wfile.write(data[i:i + 1])
            handler.wfile.flush()
            time.sleep(1)

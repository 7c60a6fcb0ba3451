//! script
try { JXON.parse(''); } catch (e) { console.log(e.message); }
try { JXON.parse('<a><b></a>'); } catch (e) { console.log('strict', e.message.split('\n')[0]); }
try { JXON.parse('no xml at all'); } catch (e) { console.log('none', e.message.split('\n')[0]); }
console.log('end');
//! expects
JXON.parse needs the text of an XML document
[warn] [xmldom warning]	unclosed xml attribute 
@#[line:1,col:4]
end

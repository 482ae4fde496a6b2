"""A small board of invented companies for the contract of the engines."""

from search.protocol import Document

PUBLIC = ["public"]


def company(id: str, name: str, scope: str = "", readers: list[str] | None = None, **more: object) -> Document:
    return Document(id=id, name=name, scope=scope, readers=PUBLIC if readers is None else readers, **more)


BOARD = [
    company("e01", "苏州明泽精密轴承有限公司", "轴承、齿轮的研发、生产", province="江苏", city="苏州", tier="培育层", member=True,
            industry=["C", "34", "345", "3451"], category=["专精特新"], founded=20100315, capital=500_000_00, uscc="91320500MA1XQ7LB2K"),
    company("e02", "明泽科技有限公司", "软件开发；精密仪器销售", province="江苏", city="南京", tier="规范层",
            industry=["I", "65"], founded=20150701, capital=100_000_00, uscc="91320100MA1ABCDE3T"),
    company("e03", "明泽", "计算机服务", province="上海", city="上海", tier="规范层", founded=20200101, uscc="91310000MA1K000009"),
    company("e04", "宁波海川齿轮轴承股份有限公司", "精密轴承制造", province="浙江", city="宁波", tier="培育层", member=True,
            industry=["C", "34", "345", "3453"], category=["专精特新", "小巨人"], capital=800_000_00),
    company("e05", "重庆长城电子（集团）有限公司", "电子元器件；ＬＥＤ灯具", province="重庆", city="重庆", tier="孵化层", member=True,
            industry=["C", "39"], founded=19991231, capital=50_000_00),
    company("e06", "西安银行设备维修有限公司", "银行设备、3D打印机的维修", province="陕西", city="西安", tier="孵化层",
            industry=["O", "81"], founded=20050505, capital=50_000_00),
    company("e07", "杭州绿源热能设备有限公司", "热能设备；装饰材料", province="浙江", city="杭州", tier="规范层", readers=["org:7", "qualified"],
            industry=["C", "34"], founded=20120808, capital=300_000_00),
    company("e08", "杭州热源能源设计有限公司", "能源设计", province="浙江", city="杭州", tier="培育层", readers=["org:8"],
            industry=["M", "74"], founded=20180101, capital=20_000_00),
    company("e09", "深圳市ABC精工（3M）有限公司", "CNC加工，5G通信部件", province="广东", city="深圳", tier="规范层", readers=["qualified"],
            industry=["C", "39"], founded=20190909),
    company("e10", "青岛五荣装饰材料有限公司", "装饰复合材料生产销售", province="山东", city="青岛", tier="培育层",
            industry=["C", "29"], founded=20011218, capital=350_000_00, uscc="9131011773408643X1"),
]
